"""Why evidence that does not decide is only a hint, in words for its key."""

from __future__ import annotations

from labgate.values.finding import ALARM

#: By the keys of ``Evidence.hint``. ``{first}`` is who had the code before research.
_REASONS = {
    "landed-first": "{first} had it first",
    "noise-only": "only dependency versions, or lock, generated, ignored or vendored files",
    "boilerplate": "only boilerplate",
    "small": "too little text to be sure",
    "below-alarm": f"below the alarm at {ALARM:g}",
    "mechanical": "a mechanical change",
}


def reason(hint: str | None, first: str = "what it is compared with") -> str:
    """Return why evidence does not decide; a key that has no words here as it is, ``None`` as "not decisive"."""
    if hint is None:
        return "not decisive"
    return _REASONS[hint].replace("{first}", first) if hint in _REASONS else hint
