"""Other addresses of a person, by the trunk's ``.mailmap`` (gitmailmap). It is used for authors, not for reviewers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from labgate.git.repository import Repository
from labgate.values.ref_update import Identity

_FILE = ".mailmap"


class Mailmap:
    """``trunk`` is the commit whose tree has it, ``None`` if there is none.

    Each process of git reads the whole file, so the identities that are expected are asked for together.
    """

    def __init__(self, repository: Repository, trunk: str | None) -> None:
        self._repository = repository
        self._trunk = trunk
        self._known: dict[str, Identity] = {}
        self._expected: dict[str, None] = {}

    def expect(self, identities: Iterable[Identity]) -> None:
        """Note identities that will probably be asked for."""
        if self.blob is not None:
            self._expected.update(dict.fromkeys(map(_contact, identities)))

    def canonical(self, identity: Identity) -> tuple[str, ...]:
        """Return the casefolded email that an identity maps to; empty if there is no mailmap."""
        return () if self.blob is None else (self.proper([identity])[0].key,)

    def proper(self, identities: Iterable[Identity]) -> list[Identity]:
        """Return the name and casefolded email that each identity maps to: itself, if there is no mailmap."""
        wanted = list(identities)
        if self.blob is None:
            return wanted
        contacts = list(map(_contact, wanted))
        if any(contact not in self._known for contact in contacts):
            unknown = [contact for contact in dict.fromkeys((*contacts, *self._expected)) if contact not in self._known]
            self._expected.clear()
            self._known |= zip(unknown, self._asked(unknown, self.blob), strict=True)
        return [self._known[contact] for contact in contacts]

    def _asked(self, contacts: list[str], blob: str) -> list[Identity]:
        words = ("-c", f"mailmap.blob={blob}", "check-mailmap", "--stdin")
        stdin = "".join(f"{contact}\n" for contact in contacts).encode("utf-8", "surrogateescape")
        answer = self._repository.objects.run(*words, stdin=stdin).decode("utf-8", "surrogateescape")
        return [_identity(line) for line in answer.split("\n")[:-1]]

    @cached_property
    def blob(self) -> str | None:
        """The mailmap's blob (full oid), ``None`` if there is none."""
        if self._trunk is None:
            return None
        listed = self._repository.objects.run("ls-tree", "-z", "--full-tree", self._trunk, "--", _FILE).decode()
        mode, _, rest = listed.partition(" ")
        return rest.split("\t")[0].split(" ")[1] if mode in ("100644", "100755") else None


def _contact(identity: Identity) -> str:
    # Neither may contain its terminator: git could not have written such a commit.
    return f"{_plain(identity.name)} <{_plain(identity.key)}>".strip()


def _identity(contact: str) -> Identity:
    name, _, email = contact.rpartition("<")
    return Identity(name.strip(), email.strip().removesuffix(">").casefold())


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter not in "<>\r\n\0")
