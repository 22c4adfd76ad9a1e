"""However long history is, the index holds a bounded number of bytes of it, and gives the same answers."""

from __future__ import annotations

from array import array
from contextlib import closing

import pytest

from labgate.fingerprints import held_parts
from labgate.fingerprints.documents import Document
from labgate.fingerprints.held_parts import HeldParts
from labgate.fingerprints.index import Index


def test_parts_that_were_used_last_stay_up_to_a_number_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_parts, "MOST_BYTES", 24)
    read: list[tuple[int, int]] = []

    def one(owner: int, part: int) -> array[int]:
        read.append((owner, part))
        return array("Q", range(part))

    held = HeldParts(one)
    for part in (1, 2, 1, 1, 2, 1, 4, 1):
        assert held.of(0, part) == array("Q", range(part))
        assert held.size <= 24
    assert read == [(0, 1), (0, 2), (0, 4), (0, 1)], "read once while it is held; 4 is too large to be kept"


def documents(count: int) -> list[Document]:
    """Return documents with features in all parts of a list; half of them are in every second document."""
    step = (1 << 44) // 640
    rows = [sorted({place * step + (0 if place % 2 else number) for place in range(640)}) for number in range(count)]
    return [
        Document(str(number).zfill(40), None, None, None, 3, 1, (), array("Q", row)) for number, row in enumerate(rows)
    ]


def test_an_index_holds_no_more_of_a_long_history(monkeypatch: pytest.MonkeyPatch) -> None:
    made = documents(60)
    asked = sorted({one for item in made[::7] for one in item.features})

    def answers(most: int) -> tuple[object, int]:
        monkeypatch.setattr(held_parts, "MOST_BYTES", most)
        with closing(Index(None)) as index:
            index.add_documents(made)
            index.extend(None, made[:40])
            index.extend(made[39].key, made[40:])
            past = index.past([made[-1].key])
            found = (index.having(asked), index.first_depths(asked, past), index.first_depths(asked[::50], past))
            return found, index.held_bytes

    everything, all_bytes = answers(1 << 30)
    found, held = answers(10_000)
    assert found == everything
    assert held <= 10_000 < all_bytes
