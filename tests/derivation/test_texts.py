"""No encoding, name or mark hides code: it is found as what it is, and the innocent twin is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.provenance import code, landing
from support.repo import Repo

CODE = code("alpha", "beta", "gamma")
#: Code that shares nothing with it.
OTHER = """\
class Window:
    def __init__(self, size):
        self.queue = deque(maxlen=size)

    def push(self, item):
        self.queue.append(item)
        return sum(self.queue) > self.queue.maxlen
"""

ENCODINGS = {
    "a byte order mark": ("\ufeff" + CODE).encode(),
    "utf-16": CODE.encode("utf-16"),
    "utf-16 without a mark": CODE.encode("utf-16-le"),
    "utf-32": CODE.encode("utf-32"),
    "cr": CODE.replace("\n", "\r").encode(),
    "crlf": CODE.replace("\n", "\r\n").encode(),
    "tabs": CODE.replace("    ", "\t").encode(),
    "other blanks": CODE.replace("    ", "\u00a0\u00a0").replace(" = ", "\u2003=\u00a0").encode(),
    "invisible characters": CODE.replace("record", "rec\u200bord").replace("limit", "\u2060limit").encode(),
    "form feeds": CODE.replace("\n\n", "\n\x0c\n").encode(),
    "nul at an end": CODE.encode() + b"\0",
}


def methods(repo: Repo, base: str = "main") -> set[str]:
    """Return the methods that decide that HEAD comes from research."""
    return {item.method for item in landing(repo, "HEAD", base)[0] if item.decisive}


def research(repo: Repo, files: dict[str, str | bytes]) -> Repo:
    """Return a repository with a research branch that adds files, on a branch beside it."""
    repo.commit("Start", {"app.py": 'print("app")\n'})
    repo.branch("research/x").commit("Try", files)
    return repo.checkout("main").branch("landing")


@pytest.mark.parametrize("content", ENCODINGS.values(), ids=list(ENCODINGS))
def test_an_encoding_hides_no_exact_copy(repo: Repo, content: bytes) -> None:
    research(repo, {"x.py": CODE}).commit("Copy", {"x.py": content})
    assert methods(repo) == {"patch-id"}


@pytest.mark.parametrize("content", ENCODINGS.values(), ids=list(ENCODINGS))
def test_an_encoding_of_research_hides_no_copy(repo: Repo, content: bytes) -> None:
    research(repo, {"x.py": content}).commit("Copy", {"x.py": CODE})
    assert methods(repo) == {"patch-id"}


@pytest.mark.parametrize("content", ENCODINGS.values(), ids=list(ENCODINGS))
def test_other_code_in_the_same_encoding_is_no_copy(repo: Repo, content: bytes) -> None:
    research(repo, {"x.py": OTHER}).commit("Own", {"x.py": content})
    assert methods(repo) == set()


def test_a_nul_in_a_comment_hides_nothing(repo: Repo) -> None:
    research(repo, {"x.py": CODE}).commit("Copy", {"x.py": b"# \0\n" + CODE.encode()})
    assert methods(repo) == {"similarity"}


def test_an_edit_of_a_file_in_utf_16_is_compared(repo: Repo) -> None:
    repo.commit("Start", {"app.py": OTHER})
    repo.branch("research/x").commit("Try", {"app.py": OTHER + "\n\n" + CODE})
    repo.checkout("main").branch("landing").commit("Edit", {"app.py": (OTHER + "\n\n" + CODE).encode("utf-16")})
    assert methods(repo) == {"patch-id"}
    repo.checkout("main").branch("own").commit("Convert", {"app.py": OTHER.encode("utf-16")})
    assert methods(repo) == set()


@pytest.mark.parametrize("attributes", ["*.py binary\n", "*.py -diff\n", "*.py -text diff=hidden\n", "* -diff -text\n"])
def test_no_attribute_hides_code(repo: Repo, attributes: str) -> None:
    research(repo, {"x.py": CODE})
    (repo.path / ".git/info").mkdir(exist_ok=True)
    Path(repo.path / ".git/info/attributes").write_text(attributes)
    repo.git("config", "diff.hidden.textconv", "true")
    repo.git("config", "diff.hidden.binary", "true")
    repo.commit("Copy", {".gitattributes": attributes, "x.py": CODE})
    assert methods(repo)
