"""Research that was merged straight from a URL: no ref here shows that it is research, only the merge's message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from labgate.policy.model import Policy
from labgate.research.section import ResearchGate
from labgate.values.errors import UndecidedError
from labgate.values.phrases import quote, short_oid
from labgate.values.ref_update import Commit
from labgate.values.refnames import HEADS
from labgate.values.repository_name import repository_name

#: What ``git pull URL BRANCH`` and ``git pull URL`` write as the subject of their merge (git-fmt-merge-msg).
_MERGED = re.compile(r"Merge (?:branch(?:es)? (?P<names>'.+') of )?(?P<url>[^\s/:]*[/:]\S*)(?: into \S+)?")
_NAME = re.compile(r"'([^']+)'")


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
