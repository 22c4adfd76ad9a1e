"""An exception from the limits of a commit: asked for in its message, granted by a review."""

from __future__ import annotations

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: The line that asks for one, as people write it.
LINE = "Commit-Size-Exception"
KEY = LINE.lower()


class SizeException(Value):
    """What is known of the exception of one commit, or of several that are measured together.

    ``reason`` is ``None`` if no line asks for one, or none gives a reason. ``listed`` are the groups and people of the
    policy that may grant it, ``granted`` the people whose review does. ``refused`` are the reviews that do not count,
    in words. ``level`` is that of a finding which it covers, ``None`` if it changes nothing. ``step`` is how to get it,
    ``None`` if that is not known.
    """

    reason: str | None
    listed: tuple[str, ...]
    granted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    level: str | None = None
    step: str | None = None

    def said(self) -> str:
        """Return the end of a message."""
        if self.granted:
            return f"; exception granted by {', '.join(self.granted)}: {self.reason}"
        who = " or ".join(self.listed)
        if self.reason is None:
            end = ", which commit-msg checks" if self.level == "warning" else ""
            return f"; for an exception that {who} may grant, its message needs a line {LINE} with a reason{end}"
        refused = f"; not counted: {', '.join(self.refused)}" if self.refused else ""
        return f"; no review by {who} grants its exception ({self.reason}){refused}"


def together(exceptions: Iterable[SizeException | None]) -> SizeException | None:
    """Return the exceptions of commits that are measured together as one; ``None`` if there is none."""
    found = [each for each in exceptions if each is not None and each.reason is not None]
    if not found:
        return None
    return found[0].changed(
        reason="; ".join(dict.fromkeys(each.reason for each in found if each.reason is not None)),
        granted=tuple(dict.fromkeys(name for each in found for name in each.granted)),
        refused=tuple(dict.fromkeys(text for each in found for text in each.refused)),
    )
