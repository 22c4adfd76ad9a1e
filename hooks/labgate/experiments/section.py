"""``[experiment-hash]``: artifacts of experiments, and the ref prefix that keeps their commits."""

from __future__ import annotations

from labgate.policy.schema import GLOBS, SectionSchema
from labgate.policy.shape import Key, Record, Text
from labgate.values.refnames import HEADS, REMOTES, TAGS, forbidden_part


def _objection_to_pins(text: str) -> str | None:
    taken = text.startswith((HEADS[:-1], REMOTES[:-1])) or text == TAGS[:-1]
    own = text.startswith("refs/") and not taken
    return None if own and "*" not in text and forbidden_part(text) is None else ""


_SHAPE = Record(
    (
        Key("artifacts", GLOBS, "Files that need a record of the code that made them.", []),
        Key(
            "pins",
            Text('a ref prefix such as "refs/experiments"', _objection_to_pins),
            "The ref prefix that keeps recorded commits.",
            "refs/experiments",
        ),
    )
)


def schema() -> SectionSchema:
    """Return the schema of ``[experiment-hash]``."""
    return SectionSchema(Key("experiment-hash", _SHAPE, "Artifacts of experiments and the code that made them.", {}))
