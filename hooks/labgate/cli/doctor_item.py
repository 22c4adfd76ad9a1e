"""What ``labgate doctor`` says of one thing that it looked at."""

from __future__ import annotations

from labgate.values.value import Value

#: All is well, or there is something to know; every other state is something to mend.
OK, ADVICE = "ok", "advice"
MISSING, STALE, SHADOWED, CONFLICT, INVALID = "missing", "stale", "shadowed", "conflict", "invalid"


class Item(Value):
    """One thing that the doctor looked at. ``help`` is the command that mends it, ``None`` where nothing is to mend."""

    name: str
    state: str
    message: str
    help: str | None = None

    @property
    def is_well(self) -> bool:
        return self.state in (OK, ADVICE)
