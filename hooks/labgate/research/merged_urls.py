"""Research that came straight from a URL: no ref here shows that it is research, only a merge's message or a note."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator

from labgate.git.repository import Repository
from labgate.policy.model import Policy
from labgate.research.section import ResearchGate
from labgate.values.errors import UndecidedError
from labgate.values.files import read_bounded
from labgate.values.foreign import open_foreign
from labgate.values.phrases import quote, short_oid
from labgate.values.ref_update import Commit
from labgate.values.refnames import HEADS
from labgate.values.regexes import regex
from labgate.values.repository_name import repository_name

#: The largest FETCH_HEAD that is read, and how much of the end of HEAD's reflog, in bytes.
_MOST_BYTES = 2**20
#: A line of FETCH_HEAD (git-fetch, "OUTPUT"; builtin/fetch.c), and what ``git pull`` notes of a fast-forward.
_FETCHED = regex(r"([0-9a-f]{40,64})\t(?:not-for-merge)?\tbranch '([^']+)' of (\S+)")
_PULL = "\tpull "
_PULLED = regex(r"[0-9a-f]{40,64} ([0-9a-f]{40,64}) [^\t]*\t(pull .*): Fast-forward")
#: What ``git pull URL BRANCH`` and ``git pull URL`` write as the subject of their merge (git-fmt-merge-msg).
_MERGED = regex(r"Merge (?:branch(?:es)? (?P<names>'.+') of )?(?P<url>[^\s/:]*[/:]\S*)(?: into \S+)?")
_NAME = regex(r"'([^']+)'")


def merged_urls(
    policy: Policy, commits: Iterable[Commit], remote: str | None, is_known: Callable[[str], bool]
) -> Iterator[UndecidedError]:
    """Yield why commits may be research, for each merge of a research branch, or of a source repository, by URL.

    ``is_known`` returns whether a research ref here reaches a commit (full oid); then there is no doubt.
    """
    gate = policy.section(ResearchGate)
    for commit in commits:
        found = _MERGED.fullmatch(commit.subject) if len(commit.parents) > 1 else None
        if found is None or all(is_known(oid) for oid in commit.parents[1:]):
            continue
        url, names = found["url"], _NAME.findall(found["names"] or "")
        research = [name for name in names if policy.classify(HEADS + name).name in gate.sources]
        if not research and not gate.is_source_repository(repository_name(url)):
            continue
        what = f"{found['names']} of {url}" if names else url
        message = f"{short_oid(commit.oid)} merges {what}, and no research ref here has that"
        if research:
            branch = quote(HEADS + research[0])
            yield UndecidedError(message, f"git push {quote(remote or '.')} {commit.parents[1]}:{branch}")
        else:
            yield UndecidedError(message, f"git remote add research-source {quote(url)} && git fetch research-source")


def forwarded_urls(
    policy: Policy, repository: Repository, span: Container[str], remote: str | None, is_known: Callable[[str], bool]
) -> Iterator[UndecidedError]:
    """Yield why commits of a span (full oids) may be research: a fast-forward by URL, which leaves no merge.

    Only this clone knows of it. ``is_known`` is as for ``merged_urls``.
    """
    gate = policy.section(ResearchGate)
    for oid, branch, came in (*_fetched(repository), *_pulled(repository)):
        if oid in span and policy.classify(HEADS + branch).name in gate.sources and not is_known(oid):
            message = f"{short_oid(oid)} came here as {branch} by {came}, and no research ref here has that"
            yield UndecidedError(message, f"git push {quote(remote or '.')} {oid}:{quote(HEADS + branch)}")


def _fetched(repository: Repository) -> Iterator[tuple[str, str, str]]:
    """Yield the commit, the branch and the way of what the last fetch without a ref brought."""
    try:
        content = read_bounded(os.path.join(repository.git_dir, "FETCH_HEAD"), _MOST_BYTES)
    except OSError:
        return
    for line in os.fsdecode(content).split("\n"):
        found = _FETCHED.fullmatch(line)
        if found is not None:
            yield found[1], found[2], f"git fetch {found[3]}"


def _pulled(repository: Repository) -> Iterator[tuple[str, str, str]]:
    """Yield the same of pulls that moved HEAD forward."""
    try:
        # git's own file, as a process takes longer; with reftables there is none (gitrepository-layout, "logs").
        with open_foreign(os.path.join(repository.git_dir, "logs", "HEAD")) as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _MOST_BYTES))
            content = stream.read(_MOST_BYTES)
    except OSError:
        return
    for line in os.fsdecode(content).split("\n"):
        found = _PULLED.fullmatch(line) if _PULL in line else None
        # The last word that is no option names the branch.
        words_of = found[2].split(" ") if found is not None else []
        if found is not None and len(words_of) > 2:
            yield found[1], words_of[-1].removeprefix("+").partition(":")[0].removeprefix(HEADS), f"git {found[2]}"
