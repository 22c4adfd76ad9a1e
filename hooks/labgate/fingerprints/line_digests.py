"""Digests of the changed lines of a file, as they are read: patch ids are of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labgate.values.digest import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.fingerprints.patches import Run

_DIGEST = 16
_BLANKS = b" \t\r\f\v"


class LineDigests:
    """Digests of all deleted and of all added lines of a file, in their order and without blanks."""

    __slots__ = ("_long", "_sides")

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._sides = (blake2b(digest_size=_DIGEST), blake2b(digest_size=_DIGEST))
        self._long = (bytearray(), bytearray())
        for run in runs:
            self.start_run()
            self.feed(run.deleted, run.added)

    def start_run(self) -> None:
        """Begin the next run: the same lines in other runs are another change."""
        for side in self._sides:
            # No line has a blank left.
            side.update(b" ")

    def feed(self, deleted: Sequence[bytes], added: Sequence[bytes]) -> None:
        """Take more lines of the run."""
        for side, lines in zip(self._sides, (deleted, added), strict=True):
            if lines:
                side.update(b"\n" + b"\n".join(lines).translate(None, _BLANKS))

    def feed_long(self, line: bytes, *, added: bool) -> None:
        """Take the whole of a line that is cut in the run."""
        long = self._long[added]
        long[:] = blake2b(bytes(long) + line.translate(None, _BLANKS), digest_size=_DIGEST).digest()

    def values(self) -> tuple[bytes, bytes]:
        """Return the digest of the deleted lines and that of the added ones."""
        deleted, added = (side.digest() + long for side, long in zip(self._sides, self._long, strict=True))
        return deleted, added
