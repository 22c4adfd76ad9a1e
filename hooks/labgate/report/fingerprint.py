"""One finding's identity across runs, for tools that remember what they have already shown."""

from __future__ import annotations

import hashlib
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.values.finding import Finding

#: Part of what is hashed: a change in what counts as the same finding gets a new number and so new fingerprints.
_VERSION = "labgate-finding/1"

#: Keys of a finding's data (texts, or absent) that tell two findings of one rule at one place apart: the research ref
#: that code comes from, the person of a review marker.
IDENTIFYING = ("source", "person")


def fingerprint(finding: Finding, ref: str) -> str:
    """Return 64 hexadecimal digits that are the same for the same finding in every run, format and clone.

    Hashed (SHA-256 of compact ASCII JSON) are the rule's code, the full refname, the sorted commits, the path, and of
    the data what ``IDENTIFYING`` names. Level, wording, counts and advice stay out: they say how bad it is and what to
    do, not which finding it is. ``ref`` is the ref of the update that the finding belongs to; its own ref wins.
    """
    stable = [
        _VERSION,
        finding.rule.code,
        ref if finding.ref is None else finding.ref,
        sorted(finding.oids),
        finding.path,
        [finding.data.get(key) for key in IDENTIFYING],
    ]
    return hashlib.sha256(json.dumps(stable, separators=(",", ":")).encode("ascii")).hexdigest()
