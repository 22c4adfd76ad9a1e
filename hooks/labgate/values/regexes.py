"""Regular expressions that are compiled when they are first used: a push needs few of those in the modules it loads."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    regex = re.compile
else:

    class regex:  # noqa: N801  (it is called as ``re.compile`` is, and type checkers take it for that)
        """A pattern that is compiled for its first method, which then is as fast as that of ``re.compile``."""

        def __init__(self, source, flags=0):
            self._given = source, flags

        def __getattr__(self, name):
            if name == "_compiled":
                self._compiled = re.compile(*self._given)
                return self._compiled
            method = getattr(self._compiled, name)
            setattr(self, name, method)
            return method
