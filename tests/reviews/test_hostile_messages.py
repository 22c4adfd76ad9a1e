"""Messages that are made to take long: what four times as long a text takes is four times as long, not sixteen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labgate.git.commits import _unfolded_lines
from labgate.reviews.markers import claims_in, co_authors, read_claims
from labgate.values.ref_update import Commit, Identity
from support.obstacles import in_time

#: A quadratic scan of four times this takes minutes.
SIZE = 300_000
MESSAGES: dict[str, Callable[[int], str]] = {
    "a name without an address": lambda size: f"Reviewed-by: {'a' * size}",
    "a name of blanks": lambda size: f"Reviewed-by: x{' ' * size}x",
    "addresses that never end": lambda size: f"Reviewed-by: {'<' * size}",
    "folded trailers": lambda size: "Reviewed-by: a" + "\n b" * (size // 3),
    "many trailers": lambda size: "Reviewed-by: Lin <lin@example.org>\n" * (size // 35),
    "many bindings": lambda size: "".join(f"Reviewed-change: {n:064x} {n:040x}\n" for n in range(size // 40)),
    "many landings": lambda size: "".join(f"Reviewed-landing: {n:040x}\n" for n in range(size // 40)),
    "co-authors": lambda size: "Co-authored-by: " + "<a " * (size // 3),
    "blanks": lambda size: (" " * 1000 + "\n") * (size // 1000),
    "colons": lambda size: ":" * size,
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=list(MESSAGES))
def test_a_message_is_read_in_linear_time(message: Callable[[int], str]) -> None:
    with in_time(60):
        text = message(4 * SIZE)
        ada = Identity("ada", "ada@example.org")
        commit = Commit("1" * 40, ("2" * 40,), "3" * 40, ada, ada, text, tuple(_unfolded_lines(text)), "0")
        claims_in(commit)
        co_authors(commit)
        read_claims([commit], {})
