"""``[experiment-hash]``: artifacts of experiments, and the ref prefix that keeps their commits."""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.policy.schema import GLOBS, SIZE, SectionSchema
from labgate.policy.shape import Choice, Key, Record, Text
from labgate.values.refnames import HEADS, REMOTES, TAGS, forbidden_part
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.model import Table

#: The values of ``pins-on-push``.
PUSH, REFUSE, OFF = "push", "refuse", "off"


class ExperimentHash(Value):
    """``[experiment-hash]``. ``pins`` is a ref prefix without a slash at the end.

    ``records_required``: every artifact needs a record. ``pins_on_push`` is ``PUSH``, ``REFUSE`` or ``OFF``.
    ``dirty_allowed``: code that is not committed may be used, as a snapshot. ``snapshot_file_bytes`` is the size of the
    largest untracked file that a snapshot has.
    """

    NAME = "experiment-hash"

    artifacts: tuple[Glob, ...]
    pins: str
    records_required: bool
    pins_on_push: str
    dirty_allowed: bool
    snapshot_file_bytes: int

    def __init__(self, table: Table) -> None:
        super().__init__(
            artifacts=tuple(Glob(text) for text in table["artifacts"]),
            pins=table["pins"],
            records_required=table["records"] == "required",
            pins_on_push=table["pins-on-push"],
            dirty_allowed=table["dirty"] == "snapshot",
            snapshot_file_bytes=table["snapshot-file-bytes"],
        )


def _objection_to_pins(text: str) -> str | None:
    taken = text.startswith((HEADS[:-1], REMOTES[:-1])) or text == TAGS[:-1]
    own = text.startswith("refs/") and not taken
    return None if own and "*" not in text and forbidden_part(text) is None else ""


_SHAPE = Record(
    (
        Key("artifacts", GLOBS, "Files that carry the hash of the code that made them.", []),
        Key(
            "pins",
            Text('a ref prefix such as "refs/experiments"', _objection_to_pins),
            "The ref prefix that keeps recorded commits.",
            "refs/experiments",
        ),
        Key(
            "records",
            Choice(("optional", "required")),
            "Whether every artifact needs a record beside it.",
            "optional",
        ),
        Key(
            "pins-on-push",
            Choice((PUSH, REFUSE, OFF)),
            "Whether a push pins the commits of artifacts, refuses those that are not pinned, or does neither; by "
            "default push if there are artifacts, else off.",
        ),
        Key(
            "dirty",
            Choice(("snapshot", "refuse")),
            "Whether code that is not committed becomes a snapshot, or is refused.",
            "snapshot",
        ),
        Key("snapshot-file-bytes", SIZE, "The largest untracked file that a snapshot has.", "10MB"),
    )
)


def schema() -> SectionSchema:
    """Return the schema of ``[experiment-hash]``."""
    key = Key(ExperimentHash.NAME, _SHAPE, "Artifacts of experiments and the code that made them.", {})
    return SectionSchema(key, _complete)


def without_policy() -> ExperimentHash:
    """Return the settings where there is no policy: every default, and no artifacts."""
    from labgate.policy.shape import Problems

    return ExperimentHash(_SHAPE.check({"pins-on-push": OFF}, (), Problems("")))


def _complete(table: Table) -> None:
    section = table[ExperimentHash.NAME]
    if section["pins-on-push"] is None:
        section["pins-on-push"] = PUSH if section["artifacts"] else OFF
