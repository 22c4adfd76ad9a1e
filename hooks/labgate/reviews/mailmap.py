"""Other addresses of a person, by the trunk's ``.mailmap`` (gitmailmap). It is used for authors, not for reviewers."""

from __future__ import annotations

from functools import cached_property

from labgate.git.repository import Repository
from labgate.values.ref_update import Identity

_FILE = ".mailmap"


class Mailmap:
    """``trunk`` is the commit whose tree has it, ``None`` if there is none."""

    def __init__(self, repository: Repository, trunk: str | None) -> None:
        self._repository = repository
        self._trunk = trunk
        self._known: dict[str, tuple[str, ...]] = {}

    def canonical(self, identity: Identity) -> tuple[str, ...]:
        """Return the casefolded email that an identity maps to; empty if there is no mailmap."""
        if self._blob is None:
            return ()
        # Neither may contain its terminator: git could not have written such a commit.
        contact = f"{_plain(identity.name)} <{_plain(identity.key)}>".strip()
        if contact not in self._known:
            self._known[contact] = self._asked(contact, self._blob)
        return self._known[contact]

    def _asked(self, contact: str, blob: str) -> tuple[str, ...]:
        words = ("-c", f"mailmap.blob={blob}", "check-mailmap", "--stdin")
        stdin = contact.encode("utf-8", "surrogateescape") + b"\n"
        answer = self._repository.objects.run(*words, stdin=stdin).decode("utf-8", "surrogateescape").strip()
        return (answer.rpartition("<")[2].removesuffix(">").casefold(),)

    @cached_property
    def _blob(self) -> str | None:
        if self._trunk is None:
            return None
        listed = self._repository.objects.run("ls-tree", "-z", "--full-tree", self._trunk, "--", _FILE).decode()
        mode, _, rest = listed.partition(" ")
        return rest.split("\t")[0].split(" ")[1] if mode in ("100644", "100755") else None


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter not in "<>\r\n\0")
