"""The base of the small values that the commit hook handles: compared and shown by their slots.

A dataclass would say the same in fewer lines, but importing ``dataclasses`` takes longer than all the rest of a
passing commit hook (docs/adr/0002). Off that path labgate uses frozen dataclasses.
"""

from __future__ import annotations


class Value:
    """A value whose identity is its type and its slots."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.__slots__)))

    def __repr__(self) -> str:
        slots = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({slots})"
