"""One result of ``labgate doctor``, and the words that several of them share."""

from __future__ import annotations

from labgate.values.value import Value

#: Everything is fine, or there is advice; every other state is something to fix.
OK, ADVICE = "ok", "advice"
MISSING, STALE, SHADOWED, CONFLICT, INVALID = "missing", "stale", "shadowed", "conflict", "invalid"

#: Commands that fix more than one thing.
INSTALL, INIT = "labgate install", "labgate init"
NO_POLICY = "no labgate.toml, so every hook is skipped"
#: Largest file of somebody else that is read, in bytes; of a longer script only the beginning is.
MOST_READ = 2**22


class Item(Value):
    """One result of the doctor. ``help`` is the command that fixes it, ``None`` if there is nothing to fix."""

    name: str
    state: str
    message: str
    help: str | None = None

    @property
    def is_well(self) -> bool:
        return self.state in (OK, ADVICE)
