"""Hooks in git's own configuration: ``hook.NAME.event`` and ``hook.NAME.command`` (git-hook(1), git 2.54)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

#: The first git that supports them.
FIRST_GIT = (2, 54)
_PREFIX, _EVENT = "hook.", ".event"
_OFF = ("false", "no", "off", "0")


def starts_labgate(command: str | bytes) -> bool:
    """Return whether a shell command starts labgate's hooks."""
    text = command if isinstance(command, bytes) else command.encode("utf-8", "surrogateescape")
    return b"labgate-hook" in text or b"labgate.hook" in text


def configured_hooks(config: Mapping[str, tuple[str, ...]], stage: str) -> tuple[str, ...]:
    """Return the names of the configured hooks that start labgate at a stage, for any version of git."""
    found = []
    for key, events in config.items():
        name = key[len(_PREFIX) : -len(_EVENT)]
        if key.startswith(_PREFIX) and key.endswith(_EVENT) and stage in _since_empty(events):
            command = config.get(f"{_PREFIX}{name}.command", ("",))[-1]
            enabled = config.get(f"{_PREFIX}{name}.enabled", ("",))[-1].lower() not in _OFF
            if enabled and starts_labgate(command):
                found.append(name)
    return tuple(found)


def _since_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values after the last empty one, which resets the list."""
    last = max((at for at, value in enumerate(values) if not value), default=-1)
    return values[last + 1 :]
