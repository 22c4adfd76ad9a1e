"""What ``labgate init`` would do in a repository: whole files to write, a setting, and what is left to people."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from labgate.checks.registry import policy_reader
from labgate.native.install import Installed
from labgate.policy.model import OWN_FILE, Policy
from labgate.setup import insert, pipelines, presets
from labgate.setup.insert import Source, Style, husky_lines, lefthook_lines, pre_commit_lines, prek_lines
from labgate.setup.presets import Proposal
from labgate.setup.survey import HUSKY, PRE_COMMIT_CONFIG, PREK_CONFIG, Survey
from labgate.values.errors import LabgateError
from labgate.values.value import Value

#: The files that make a CI system judge.
PIPELINES = (pipelines.GITHUB, pipelines.GITHUB_REVIEW, pipelines.GITLAB, pipelines.GITLAB_ROOT)
_COMMITTED = (OWN_FILE, PRE_COMMIT_CONFIG, PREK_CONFIG, *PIPELINES)


class FileChange(Value):
    """A file to write whole: ``name`` for people, its path, what is there (``None``: nothing) and what will be."""

    name: str
    path: str
    before: bytes | None
    after: bytes

    @property
    def added(self) -> list[str]:
        """The lines that are new; only the ones in the middle, since nothing else ever changes."""
        old, new = (text.decode("utf-8", "backslashreplace").splitlines() for text in (self.before or b"", self.after))
        start = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(old))
        end = len(new) - (len(old) - start)
        return new[start : max(start, end)] or new[start:]


class ByHand(Value):
    """What labgate does not touch: where these ``lines`` belong, in words for people.

    ``kept`` is a file that says something else; the ``lines`` are then what labgate would have written.
    """

    where: str
    lines: tuple[str, ...]
    kept: bool = False


class Plan(Value):
    """Everything that ``labgate init`` would change.

    ``proposal`` is ``None`` where a policy is there already. ``source`` is where the hook managers find labgate.
    ``sets_trunk`` says whether ``labgate.trunk`` is to be written, ``installs`` whether the native hooks are. ``ci`` is
    the CI system that is to judge, ``None`` where none was asked for.
    """

    survey: Survey
    proposal: Proposal | None
    others: tuple[Proposal, ...]
    files: tuple[FileChange, ...]
    by_hand: tuple[ByHand, ...]
    source: Source
    sets_trunk: bool
    installs: bool
    ci: str | None = None

    @property
    def policy(self) -> Policy | None:
        """The policy that is written; ``None`` where there is one already."""
        return None if self.proposal is None else self.proposal.policy

    @property
    def committed(self) -> tuple[str, ...]:
        """The names of the files that belong into the repository."""
        return tuple(change.name for change in self.files if change.name in _COMMITTED)


class Done(Value):
    """What came of the hooks: ``installed`` is ``None`` where they were not asked for or could not be installed.

    ``refused`` says why they could not.
    """

    installed: Installed | None = None
    refused: LabgateError | None = None


def make_plan(survey: Survey, preset: str | None, source: Source, ci: str | None = None) -> Plan:
    """Return what to do, without doing it. Raised: ``LabgateError`` when no policy can be written here.

    ``ci`` is one of ``pipelines.SYSTEMS``, ``None`` for no pipeline.
    """
    proposal: Proposal | None = None
    others: tuple[Proposal, ...] = ()
    changes: list[FileChange] = []
    if survey.policy is None:
        proposal, others = presets.propose(survey, preset)
        changes.append(FileChange(OWN_FILE, os.path.join(survey.top, OWN_FILE), None, proposal.text.encode()))
    changes += _schema(survey, proposal)
    by_hand: list[ByHand] = []
    for item in (*_snippets(survey, source), *_pipelines(survey, source, ci)):
        if isinstance(item, FileChange):
            changes.append(item)
        else:
            by_hand.append(item)
    here = survey.frameworks
    return Plan(
        survey,
        proposal,
        others,
        tuple(changes),
        tuple(by_hand),
        source,
        sets_trunk=survey.repository.setting("labgate.trunk") != survey.trunk.name,
        installs=here.lefthook is None and not here.husky,
        ci=ci,
    )


def _schema(survey: Survey, proposal: Proposal | None) -> Iterator[FileChange]:
    """Yield the JSON Schema that the policy's first line names, where it does and the file is not the same already."""
    policy = _read(os.path.join(survey.top, OWN_FILE)) or b""
    # One line: what a tool wrote is no work of many lines, and nobody reads it.
    after = f"{json.dumps(policy_reader().schema())}\n".encode()
    inside = os.path.join(survey.repository.common_dir, *presets.FORMER_SCHEMA.split("/")[1:])
    for name, path in ((presets.SCHEMA, os.path.join(survey.top, presets.SCHEMA)), (presets.FORMER_SCHEMA, inside)):
        named = name.encode() in policy or (proposal is not None and name == presets.SCHEMA)
        before = _read(path)
        if named and before != after:
            yield FileChange(name, path, before, after)


def _snippets(survey: Survey, source: Source) -> Iterator[FileChange | ByHand]:
    """Yield what makes each hook manager start labgate, nothing where it does already."""
    here = survey.frameworks
    managed = here.starts_hooks or here.prek
    if here.pre_commit or not managed:
        yield from _pre_commit(survey, source)
    if here.prek:
        lines = tuple(prek_lines(source))
        yield from _edited(survey, PREK_CONFIG, insert.into_prek_config, source, ByHand(PREK_CONFIG, lines))
    if here.lefthook is not None and not _mentions(survey, here.lefthook):
        yield ByHand(f"{here.lefthook}, then run lefthook install", tuple(lefthook_lines()))
    if here.husky:
        missing = [(name, line) for name, line in husky_lines() if not _mentions(survey, name)]
        lines = tuple(text for name, line in missing for text in (f"# {name}", line))
        if lines:
            yield ByHand(f"the hooks in {HUSKY}, as the first command of each", lines)


def _pipelines(survey: Survey, source: Source, ci: str | None) -> Iterator[FileChange | ByHand]:
    """Yield what makes a CI system judge, nothing where it does already."""
    if ci is None:
        return
    for name, text in pipelines.SYSTEMS[ci](survey.trunk.name, source).items():
        yield from _whole(survey, name, text)
    if ci != "gitlab":
        return
    root = _read(os.path.join(survey.top, pipelines.GITLAB_ROOT))
    missing = None if root is None else pipelines.root_lines(root.decode("utf-8", "replace"))
    if root is None:
        yield from _whole(survey, pipelines.GITLAB_ROOT, pipelines.new_root())
    elif missing is not None:
        yield ByHand(*missing)


def _whole(survey: Survey, name: str, text: str) -> Iterator[FileChange | ByHand]:
    """Yield a new file, nothing where it is there, and where something else is, its lines for people to compare."""
    path = os.path.join(survey.top, name)
    if _read(path) == text.encode():
        return
    # A folder that is a symbolic link may lead anywhere.
    folder = os.path.dirname(path)
    plain = os.path.join(os.path.realpath(survey.top), *name.split("/")[:-1])
    if os.path.lexists(path) or os.path.realpath(folder) != plain:
        yield ByHand(name, tuple(text.splitlines()), kept=True)
    else:
        yield FileChange(name, path, None, text.encode())


def _pre_commit(survey: Survey, source: Source) -> Iterator[FileChange | ByHand]:
    path = os.path.join(survey.top, PRE_COMMIT_CONFIG)
    if not survey.frameworks.pre_commit:
        yield FileChange(PRE_COMMIT_CONFIG, path, None, insert.new_pre_commit_config(source).encode())
        return
    lines = tuple(pre_commit_lines(source, Style()))
    where = f"{PRE_COMMIT_CONFIG}, under repos"
    yield from _edited(survey, PRE_COMMIT_CONFIG, insert.into_pre_commit_config, source, ByHand(where, lines))


def _edited(
    survey: Survey, name: str, insertion: insert.Insertion, source: Source, by_hand: ByHand
) -> Iterator[FileChange | ByHand]:
    """Yield the changed file, or where it cannot be changed for sure the lines for people to add."""
    path = os.path.join(survey.top, name)
    before = _read(path)
    text = None if before is None else before.decode("utf-8", "surrogateescape")
    if text is not None and insert.is_there(text):
        return
    # A symbolic link may lead anywhere; whoever made it knows what shall be changed there.
    after = None if text is None or os.path.islink(path) else insertion(text, source)
    if after is None:
        yield by_hand
    else:
        yield FileChange(name, path, before, after.encode("utf-8", "surrogateescape"))


def _mentions(survey: Survey, name: str) -> bool:
    found = _read(os.path.join(survey.top, name))
    return found is not None and insert.is_there(found.decode("utf-8", "replace"))


def _read(path: str) -> bytes | None:
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as stream:
        return stream.read()
