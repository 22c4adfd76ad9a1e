"""The plan of ``labgate init`` for a repository: files to write, a setting, and steps for people."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

from labgate.checks.registry import STAGES, policy_reader, stages_of_ids
from labgate.native.folder import find_site, read_slots
from labgate.native.install import Installed
from labgate.native.manifest import configured_in
from labgate.policy.model import OWN_FILE, Policy
from labgate.setup import hook_types, insert, pipelines, presets
from labgate.setup.insert import Style, husky_lines, lefthook_commands, pre_commit_lines, prek_lines
from labgate.setup.lefthook import Lefthook, into_lefthook, nested
from labgate.setup.presets import Proposal
from labgate.setup.source import Source
from labgate.setup.survey import HUSKY, PRE_COMMIT_CONFIG, PREK_CONFIG, Survey
from labgate.values.errors import LabgateError
from labgate.values.files import read_bounded
from labgate.values.value import Value

#: The files of the pipelines.
PIPELINES = (pipelines.GITHUB, pipelines.GITHUB_REVIEW, pipelines.GITLAB, pipelines.GITLAB_ROOT)
#: Largest file of a work tree that is read.
_MOST_BYTES = 2**18
_COMMITTED = (OWN_FILE, presets.SCHEMA, PRE_COMMIT_CONFIG, PREK_CONFIG, *PIPELINES)


class FileChange(Value):
    """A file to write: ``name`` for people, its path, the old content (``None``: no file) and the new one."""

    name: str
    path: str
    before: bytes | None
    after: bytes

    @property
    def added(self) -> list[str]:
        """The lines that are new."""
        old, new = (text.decode("utf-8", "backslashreplace").splitlines() for text in (self.before or b"", self.after))
        pieces = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        return [line for kind, _, _, start, end in pieces if kind != "equal" for line in new[start:end]]


class ByHand(Value):
    """A step by hand: the place of these ``lines``, in words for people.

    ``kept`` is a file with other content; the ``lines`` are then what labgate would have written.
    """

    where: str
    lines: tuple[str, ...]
    kept: bool = False


class Plan(Value):
    """All changes of ``labgate init``.

    ``proposal`` is ``None`` if there is a policy already. ``source`` is the source of labgate for hook managers and
    pipeline, ``None`` if no written file needs it. ``sets_trunk``: ``labgate.trunk`` will be written. ``installs``: the
    native hooks will be. ``ci`` is the CI system of the pipeline, ``None`` if none was requested.
    """

    survey: Survey
    proposal: Proposal | None
    others: tuple[Proposal, ...]
    files: tuple[FileChange, ...]
    by_hand: tuple[ByHand, ...]
    source: Source | None
    sets_trunk: bool
    installs: bool
    ci: str | None = None

    @property
    def policy(self) -> Policy | None:
        """The policy that is written; ``None`` if there is one already."""
        return None if self.proposal is None else self.proposal.policy

    @property
    def committed(self) -> tuple[str, ...]:
        """The names of the files to commit."""
        return tuple(change.name for change in self.files if change.name in (*_COMMITTED, self.lefthook))

    @property
    def lefthook(self) -> str | None:
        """The name of lefthook's configuration, ``None`` without one."""
        here = self.survey.frameworks.lefthook
        return None if here is None else here.file


class Done(Value):
    """The result for the hooks: ``installed`` is ``None`` if they were not requested or could not be installed.

    ``refused`` is why they could not.
    """

    installed: Installed | None = None
    refused: LabgateError | None = None


def make_plan(
    survey: Survey, preset: str | None, named: Source | None, find: Callable[[], Source], ci: str | None = None
) -> Plan:
    """Return the plan, and change nothing. Raises: ``LabgateError`` when no policy or source can be written here.

    The source of labgate is the one that the user ``named``, else the one in the repository's hooks, else the result of
    ``find``, which is called only if a written file needs it. ``ci`` is one of ``pipelines.SYSTEMS``, ``None`` for no
    pipeline.
    """
    wanted = _Wanted(survey, named, find)
    proposal: Proposal | None = None
    others: tuple[Proposal, ...] = ()
    changes: list[FileChange] = []
    if survey.policy is None:
        proposal, others = presets.propose(survey, preset)
        changes.append(FileChange(OWN_FILE, os.path.join(survey.top, OWN_FILE), None, proposal.text.encode()))
    changes += _schema(survey, proposal)
    by_hand: list[ByHand] = []
    for item in (*_snippets(survey, wanted), *_pipelines(survey, wanted, ci)):
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
        wanted.found,
        sets_trunk=survey.repository.setting("labgate.trunk") != survey.trunk.name,
        installs=here.lefthook is None and not here.husky,
        ci=ci,
    )


class _Wanted:
    """The source of labgate, found once, and only if it is needed."""

    def __init__(self, survey: Survey, named: Source | None, find: Callable[[], Source]) -> None:
        self.survey, self.find, self.found = survey, find, named

    def __call__(self) -> Source:
        """Return the source that was named, else the repository's, else the result of ``find``."""
        if self.found is None:
            texts = {name: _read(os.path.join(self.survey.top, name)) or b"" for name in insert.NAMES_SOURCE}
            named = (insert.source_in(name, text.decode("utf-8", "replace")) for name, text in texts.items())
            self.found = next((source for source in named if source is not None), None) or self.find()
        return self.found


def _schema(survey: Survey, proposal: Proposal | None) -> Iterator[FileChange]:
    """Yield the JSON Schema that the policy's first line names, if it does and the file differs."""
    policy = _read(os.path.join(survey.top, OWN_FILE)) or b""
    # One line, as a generated file should not count as many lines of work.
    after = f"{json.dumps(policy_reader().schema())}\n".encode()
    inside = os.path.join(survey.repository.common_dir, *presets.FORMER_SCHEMA.split("/")[1:])
    for name, path in ((presets.SCHEMA, os.path.join(survey.top, presets.SCHEMA)), (presets.FORMER_SCHEMA, inside)):
        named = name.encode() in policy or (proposal is not None and name == presets.SCHEMA)
        # A link may lead anywhere; whoever made it knows why.
        if not named or os.path.islink(path):
            continue
        before = _read(path)
        if before != after:
            yield FileChange(name, path, before, after)


def _snippets(survey: Survey, source: _Wanted) -> Iterator[FileChange | ByHand]:
    """Yield the changes that make each hook manager start labgate; empty if it does already."""
    here = survey.frameworks
    managed = here.starts_hooks or here.prek
    if here.pre_commit or not managed:
        yield from _pre_commit(survey, source)
    if here.prek:
        yield from _edited(survey, PREK_CONFIG, insert.into_prek_config, source, (PREK_CONFIG, prek_lines))
    if here.lefthook is not None:
        yield from _lefthook(survey, here.lefthook)
    if here.husky:
        missing = [(name, line) for name, line in husky_lines() if not _mentions(survey, name)]
        lines = tuple(text for name, line in missing for text in (f"# {name}", line))
        if lines:
            yield ByHand(f"the hooks in {HUSKY}, as the first command of each", lines)


def _lefthook(survey: Survey, here: Lefthook) -> Iterator[FileChange | ByHand]:
    """Yield the changes that make lefthook start labgate at the stages where it does not."""
    missing = [(stage, lines) for stage, lines in lefthook_commands() if stage not in here.stages]
    path = os.path.join(survey.top, here.file)
    before = _read(path)
    if not missing:
        return
    after = None
    if before is not None and here.file.endswith((".yml", ".yaml")) and not os.path.islink(path):
        after = into_lefthook(before.decode("utf-8", "surrogateescape"), missing)
    if after is not None:
        yield FileChange(here.file, path, before, after.encode("utf-8", "surrogateescape"))
        return
    for stage, lines in missing:
        yield ByHand(f"{here.file}, at {stage}", tuple(nested("commands", lines)))


def _pipelines(survey: Survey, source: _Wanted, ci: str | None) -> Iterator[FileChange | ByHand]:
    """Yield the files of a pipeline; empty if they are there already."""
    if ci is None:
        return
    for name, text in pipelines.SYSTEMS[ci](survey.trunk.name, source()).items():
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
    """Yield a new file, nothing if it exists already, and if it differs, its lines for people to compare."""
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


def _pre_commit(survey: Survey, source: _Wanted) -> Iterator[FileChange | ByHand]:
    path = os.path.join(survey.top, PRE_COMMIT_CONFIG)
    if not survey.frameworks.pre_commit:
        yield FileChange(PRE_COMMIT_CONFIG, path, None, insert.new_pre_commit_config(source()).encode())
        return
    by_hand = (f"{PRE_COMMIT_CONFIG}, under repos", lambda source: pre_commit_lines(source, Style()))
    yield from _edited(survey, PRE_COMMIT_CONFIG, insert.into_pre_commit_config, source, by_hand)


def _edited(
    survey: Survey,
    name: str,
    insertion: insert.Insertion,
    source: _Wanted,
    by_hand: tuple[str, Callable[[Source], Iterator[str]]],
) -> Iterator[FileChange | ByHand]:
    """Yield the changed file, or if that is not certain, the lines to add by hand: ``by_hand``."""
    path = os.path.join(survey.top, name)
    found = _read(path)
    before = None if found is None else found.decode("utf-8", "surrogateescape")
    entered = before
    if before is None or not insert.is_there(before):
        # A symbolic link may lead anywhere; whoever made it knows what shall be changed there.
        entered = None if before is None or os.path.islink(path) else insertion(before, source())
    if entered is None:
        where, lines = by_hand
        yield ByHand(where, tuple(lines(source())))
    text = entered or before or ""
    stages = tuple(configured_in(text, name, stages_of_ids()).ids.values()) if entered else STAGES
    started = _started(survey)
    typed = (hook_types.in_toml if name == PREK_CONFIG else hook_types.in_yaml)(text, stages, started)
    by_people = entered is None or typed is None or os.path.islink(path)
    if by_people and typed != text:
        yield ByHand(f"{name}, at its top", hook_types.lines(name, text, stages, started))
    after = entered if by_people else typed
    if after is not None and after != before:
        yield FileChange(name, path, found, after.encode("utf-8", "surrogateescape"))


def _started(survey: Survey) -> tuple[str, ...]:
    """Return the stages whose hook here is of pre-commit or prek."""
    slots = read_slots(find_site(survey.repository).folder.path)
    return tuple(slot.stage for slot in slots if slot.framework is not None)


def _mentions(survey: Survey, name: str) -> bool:
    found = _read(os.path.join(survey.top, name))
    return found is not None and insert.is_there(found.decode("utf-8", "replace"))


def _read(path: str) -> bytes | None:
    if not os.path.isfile(path):
        return None
    return read_bounded(path, _MOST_BYTES)
