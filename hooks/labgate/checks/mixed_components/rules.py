"""The rule of mixed-components and its finding."""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, short_oid
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.values.size_exception import SizeException


class Component(Value):
    """The part of a commit in one component; the first part of a commit has also what belongs to none."""

    name: str
    paths: tuple[str, ...]


class MixedCommit(Finding):
    """A commit of several components; ``split`` are its parts, that with the most files first.

    ``oid`` is ``None`` and ``subject`` empty for a staged change. ``parents`` is the number of parents it has or will
    have. ``staged``: it is in progress; ``temporary_index``: its index is one that git deletes when the hook refuses.
    ``way`` is the command that goes to its branch first, or empty. ``at_head``: HEAD is the commit. ``exception`` is
    ``None`` if none is asked for or possible.
    """

    rule = Rule(
        "LG405",
        "mixed-components",
        "error",
        "a commit touches files of more than one of `[mixed-components.components]`",
        "A component that is split off later takes its own history along; a commit that touches two of them belongs to "
        "neither. `shared` files may be in any commit. At commit it is reported on every branch but research and "
        "experiments.",
        "Split it by component: the command of the finding leaves the first component in the commit. A commit "
        "that cannot be split asks for an exception with a line `Commit-Size-Exception: REASON`, which a review by one "
        "of `[commit-size] exceptions` grants.",
    )

    oid: str | None
    subject: str
    split: tuple[Component, ...]
    parents: int
    staged: bool
    temporary_index: bool
    way: str
    at_head: bool
    exception: SizeException | None = None

    @property
    def oversized(self) -> tuple[str, ...]:
        """No file has to be left out."""
        return ()

    @property
    def others(self) -> int:
        """The number of files."""
        return sum(len(part.paths) for part in self.split)

    def message(self) -> str:
        named = "this commit" if self.oid is None else f"commit {short_oid(self.oid)} ({self.subject})"
        parts = ", ".join(f"{part.name} ({count(len(part.paths), 'file')})" for part in self.split)
        excepted = "" if self.exception is None else self.exception.said()
        return f"{named} mixes {count(len(self.split), 'component')}: {parts}{excepted}"

    def help(self) -> str | None:
        if self.exception is not None and (self.exception.granted or self.exception.step is not None):
            return self.exception.step
        from labgate.values.splitting import split_off

        return split_off(self)


FINDINGS = (MixedCommit,)
