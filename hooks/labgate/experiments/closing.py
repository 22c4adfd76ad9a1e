"""The outcome of a closed experiment: a ref with an annotated tag object that stays when its branch is deleted."""

from __future__ import annotations

from labgate.experiments.pins import DIGITS
from labgate.experiments.section import ExperimentHash

#: How an experiment may end. An A/B test is none: it goes on.
FAILED, PROMOTED, REJECTED = OUTCOMES = ("failed", "promoted", "rejected")
_CLOSED = "closed-"
_OUTCOME = "Outcome: "


def closed_name(commit: str) -> str:
    """Return the last part of the name of the ref that keeps the outcome of an experiment with this tip (full oid)."""
    return f"{_CLOSED}{commit[:DIGITS]}"


def closed_ref(settings: ExperimentHash, experiment: str, commit: str) -> str:
    """Return the full name of the ref that keeps the outcome of an experiment (``service/handle``) with this tip."""
    return f"{settings.pins}/{experiment}/{closed_name(commit)}"


def is_closed_ref(settings: ExperimentHash, ref: str) -> bool:
    """Return whether a ref (full name) keeps an outcome."""
    return ref.startswith(f"{settings.pins}/") and ref.rpartition("/")[2].startswith(_CLOSED)


def outcome_message(experiment: str, outcome: str, branches: tuple[str, ...]) -> str:
    """Return the message of the tag object; ``branches`` are the short names of those that are deleted."""
    lines = (f"{experiment}: {outcome}", "", f"{_OUTCOME}{outcome}", *(f"Branch: {branch}" for branch in branches))
    return "".join(f"{line}\n" for line in lines)


def outcome_in(message: bytes) -> str | None:
    """Return the outcome that the message of a tag object states, ``None`` if it states none."""
    start = _OUTCOME.encode()
    found = (line[len(start) :] for line in message.split(b"\n") if line.startswith(start))
    return next((text.decode("utf-8", "replace").strip() for text in found), None)
