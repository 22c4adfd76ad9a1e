"""The base of every value: annotations are fields. On the commit hook's path; imports nothing heavy."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar

    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_):
        """Tell type checkers what a class makes of its annotations (PEP 681). It does nothing at run time."""
        return lambda cls: cls


#: The empty default of a field that holds a mapping. It is shared, so nothing may be added to it.
NOTHING: Mapping[Any, Any] = {}


@dataclass_transform(frozen_default=True)
class Value:
    """An immutable object that equals another one of its class with the same fields.

    A subclass declares its fields with their types, as a dataclass does; a field with a default may be left out. The
    values of fields in ``_hidden`` are not shown. docs/adr/0014 says why these are no dataclasses.

    Raises: ``TypeError`` when a field is missing, unknown or given twice.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _names: ClassVar[frozenset[str]] = frozenset()
    _defaults: ClassVar[Mapping[str, object]] = NOTHING
    _hidden: ClassVar[tuple[str, ...]] = ()
    #: Fields of classes that were declared with ``kw_only=True``: they come last, and are given by name.
    _by_name: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        new = tuple(name for name in cls.__annotations__ if name not in cls._names)
        by_place = cls._fields[: len(cls._fields) - len(cls._by_name)]
        if kw_only:
            cls._by_name = (*cls._by_name, *new)
        else:
            by_place = (*by_place, *new)
        cls._fields = (*by_place, *cls._by_name)
        cls._names = frozenset(cls._fields)
        cls._defaults = {name: getattr(cls, name) for name in cls._fields if hasattr(cls, name)}

    def __init__(self, *given: object, **named: object) -> None:
        fields, mine = self._fields, self.__dict__
        if len(given) < len(fields):
            mine.update(self._defaults)
        mine.update(zip(fields, given, strict=False))
        if named or len(mine) != len(fields) or len(given) > len(fields):
            self._complete(given, named)

    def _complete(self, given: tuple[object, ...], named: dict[str, object]) -> None:
        """Set the fields that were given by name, and check that there are those of the class."""
        mine = self.__dict__
        twice = named.keys() & self._fields[: len(given)]
        mine.update(named)
        if twice or len(given) > len(self._fields) or mine.keys() != self._names:
            wrong = sorted(twice or self._names ^ mine.keys()) or given[len(self._fields) :]
            message = f"{type(self).__name__}: {', '.join(map(str, wrong))}: missing, unknown or given twice"
            raise TypeError(message)

    def changed(self, **fields: Any) -> Self:
        """Return a copy with other ``fields``."""
        found = object.__new__(type(self))
        Value.__init__(found, **self.as_dict() | fields)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, in their order."""
        mine = self.__dict__
        return {name: mine[name] for name in self._fields}

    def __setattr__(self, name: str, value: object) -> None:
        message = f"{type(self).__name__} cannot be changed"
        raise AttributeError(message)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        mine, theirs = self.__dict__, other.__dict__
        return all(mine[name] == theirs[name] for name in self._fields)

    def __hash__(self) -> int:
        return hash((type(self), *self.as_dict().values()))

    def __repr__(self) -> str:
        shown = (f"{name}={'...' if name in self._hidden else repr(value)}" for name, value in self.as_dict().items())
        return f"{type(self).__name__}({', '.join(shown)})"
