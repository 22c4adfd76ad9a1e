"""Names of refs and objects: their prefixes, which names git accepts, and which are safe on every machine.

On the commit hook's path.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable

HEADS, REMOTES, TAGS = "refs/heads/", "refs/remotes/", "refs/tags/"

#: The beginnings of the branches that merge queues make (full names): GitHub's own, and Mergify's.
QUEUES = GITHUB_QUEUE, MERGIFY_QUEUE = f"{HEADS}gh-readonly-queue/", f"{HEADS}mergify/merge-queue/"

#: Longest safe name in characters: git stores it as a path with ``.lock`` appended, and file systems allow 255 bytes.
MOST_CHARACTERS = 200
#: No character has a special meaning in a shell, a URL or a terminal.
SAFE_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+@=-")

#: Hexadecimal digits of an object id of SHA-1 and of SHA-256.
_OID_LENGTHS = (40, 64)
_OID_DIGITS = frozenset("0123456789abcdef")
#: What git-check-ref-format forbids in a name, full or short, but for ``*``, which a pattern may have. The short name
#: of a branch must not start with ``-`` either ("--branch").
_FORBIDDEN = r"[\x00-\x20\x7f~^:?\[\\]|\.\.|@\{|//|^/|/\Z|\.\Z|\.lock(?:/|\Z)|(?:^|/)\.|^-|^@\Z|^\Z"
#: Half a surrogate pair that stands for no byte: JSON can hold it, no file name or argument can.
_NO_BYTES = r"[\ud800-\udc7f\udd00-\udfff]"


def is_oid(text: str) -> bool:
    """Return whether a text is a full object id (SHA-1 or SHA-256) in lower case."""
    return len(text) in _OID_LENGTHS and _OID_DIGITS.issuperset(text)


def branch_of(ref: str) -> str | None:
    """Return the short name of a branch, ``None`` for any other ref."""
    return ref[len(HEADS) :] if ref.startswith(HEADS) else None


def tracking_ref(remote: str, branch: str) -> str:
    """Return the remote-tracking ref of a remote's branch (short name)."""
    return f"{REMOTES}{remote}/{branch}"


def tip_ref(remote: str | None, branch: str) -> str:
    """Return the ref that has the tip of a team's branch here: remote-tracking, or local if ``remote`` is ``None``."""
    return HEADS + branch if remote is None else tracking_ref(remote, branch)


def short_ref(ref: str) -> str:
    """Return a refname in short: ``origin/main`` for ``refs/remotes/origin/main``."""
    for prefix in (HEADS, REMOTES, TAGS):
        if ref.startswith(prefix):
            return ref[len(prefix) :]
    return ref


def branch_named(word: str, refs: Container[str]) -> str | None:
    """Return the full name of the local or remote-tracking branch that a user names, ``None`` if there is none.

    Unlike git, a branch wins over a tag of the same name: labgate judges branches. As in git, ``HEAD`` and a full oid
    never name a branch, even if there is one of that name (gitrevisions).
    """
    if word in ("HEAD", "@") or is_oid(word):
        return None
    candidates = (word, HEADS + word, REMOTES + word)
    return next((ref for ref in candidates if ref in refs and ref.startswith((HEADS, REMOTES))), None)


def forbidden_part(name: str) -> str | None:
    """Return the first part of a name that makes git refuse it (``""`` if it is empty), ``None`` if git accepts it.

    ``*`` is not checked: git accepts it in patterns only.
    """
    if _is_plain(name):
        return None
    import re  # not needed by a commit hook that passes

    found = re.search(_FORBIDDEN, name)
    return None if found is None else found.group()


def _is_plain(name: str) -> bool:
    """Return whether a name obviously has no forbidden part: words of ASCII letters and digits with ``-`` and ``_``."""
    words = name.replace("-", "_").split("/")
    return name.isascii() and name[:1] != "-" and all(word.isidentifier() for word in words)


def is_branch_name(name: str) -> bool:
    """Return whether git accepts this as the short name of a branch, and it cannot be mistaken for another ref."""
    other = name == "HEAD" or name.startswith("refs/") or "*" in name
    if other or forbidden_part(name) is not None:
        return False
    if name.isascii():
        return True
    import re

    return re.search(_NO_BYTES, name) is None


def unsafe_reasons(name: str) -> list[str]:
    """Return why a short name is unsafe: reserved, object-id, leading-dash, refs-prefix, characters, too-long."""
    reasons = []
    if name in ("HEAD", "@"):
        reasons.append("reserved")
    if is_oid(name.lower()):
        reasons.append("object-id")
    if name.startswith("-"):
        reasons.append("leading-dash")
    if name.startswith("refs/"):
        reasons.append("refs-prefix")
    if not SAFE_CHARACTERS.issuperset(name):
        reasons.append("characters")
    if len(name) > MOST_CHARACTERS:
        reasons.append("too-long")
    return reasons


def collisions(ref: str, others: Iterable[str]) -> list[str]:
    """Return the other refs, sorted, that are the same file on a file system that ignores case and Unicode form."""
    key = collision_key(ref)
    return sorted({other for other in others if other != ref and collision_key(other) == key})


def collision_key(ref: str) -> str:
    """Return the key that colliding refs share (The Unicode Standard, 3.13, D145: canonical caseless matching)."""
    if ref.isascii():
        return ref.casefold()
    from unicodedata import normalize

    return normalize("NFC", normalize("NFD", ref).casefold())
