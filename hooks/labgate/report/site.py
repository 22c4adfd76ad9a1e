"""The addresses of labgate's own pages, which reports link."""

from __future__ import annotations

from labgate.values.value import Value


class Site(Value):
    """Where this version of labgate can be read about.

    ``home`` is the address of its repository, ``rules`` that of the folder with a page for each rule, without a slash
    at the end; ``None`` where it is not known.
    """

    home: str | None = None
    rules: str | None = None

    def page(self, code: str) -> str | None:
        """Return the address of a rule's page; ``None`` where it is not known."""
        return None if self.rules is None else f"{self.rules}/{code}.md"


#: For a labgate that does not know where it came from.
NOWHERE = Site()
