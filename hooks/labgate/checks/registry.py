"""The one list of checks: a row each. Hook ids, stages, rules and policy sections derive from it.

Importing it loads no check: a hook loads only those of its stage, module by module.
"""

from __future__ import annotations

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Protocol

    from labgate.checks.collected import Collected
    from labgate.policy.model import Policy
    from labgate.policy.reader import Reader
    from labgate.policy.schema import SectionSchema
    from labgate.scene.proposed_commit import ProposedCommit
    from labgate.scene.scene import Scene
    from labgate.scene.surroundings import Surroundings
    from labgate.values.finding import Finding, Rule
    from labgate.values.ref_update import RefUpdate
    from labgate.values.report import ReviewState

    class Module(Protocol):
        """A module of a check or of a policy section; each member below says which module defines it.

        Every check has a type of its own for its facts, so here they are ``Any``.
        """

        #: ``rules``: the finding of each rule, in the order of their codes.
        FINDINGS: tuple[type[Finding], ...]

        def check(self, facts: Any, policy: Policy) -> Iterator[Finding]:
            """``check``: yield one finding for each violation. Pure."""

        def review_state(self, facts: Any, policy: Policy) -> ReviewState | None:
            """``check``, only where it judges reviews: return the one of an update, ``None`` where none is needed."""

        def collect(self, scene: Scene, update: RefUpdate) -> Collected:
            """``facts``: return what to judge of an update. Raises: ``UndecidedError``, ``GitError``."""

        def suspects(self, commit: ProposedCommit) -> bool:
            """``staged``: say whether a commit that is being made needs a closer look. On the commit hook's path."""

        def collect_staged(self, commit: ProposedCommit, around: Surroundings, *, suspect: bool) -> Collected:
            """``facts``, beside ``staged``: the same as ``collect``; not suspect: only whether the check applies."""

        def schema(self) -> SectionSchema:
            """``section``: return what the section may say."""


COMMIT, MERGE, PREPARE, MESSAGE, PUSH = "pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "pre-push"
#: The stage of frameworks that only a person or a CI job starts, and the hook id for it.
MANUAL, CHECK_ID = "manual", "labgate-check"


class Row(Value):
    """One check.

    ``name`` is its name in reports; with ``_`` it is its folder. ``hundred`` begins the codes of its rules; two checks
    may share one. ``stages`` are those of git's stages at which it runs. ``hook`` is the stage of the hook id that runs
    it alone, ``None`` where it has no id of its own. ``sections`` are the modules that declare its part of the policy.
    """

    name: str
    hundred: str
    stages: tuple[str, ...]
    hook: str | None = None
    sections: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The package of the check."""
        return f"labgate.checks.{self.name.replace('-', '_')}"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of the check, in the order of their codes."""
        return tuple(finding.rule for finding in self.module("rules").FINDINGS)

    def module(self, part: str) -> Module:
        """Return its module ``rules``, ``check``, ``facts`` or ``staged``."""
        return _load(f"{self.folder}.{part}")


#: Every check, in the order of output.
ROWS = (
    Row("branch-name", "LG1", (COMMIT, MERGE, PUSH), COMMIT, ()),
    Row("research-gate", "LG2", (PUSH,), PUSH, ("labgate.research.section", "labgate.reviews.section")),
    Row("experiment-hash", "LG3", (PREPARE, MESSAGE, PUSH), PREPARE, ("labgate.experiments.section",)),
    Row("commit-size", "LG4", (COMMIT, MERGE, PUSH), COMMIT, ("labgate.checks.commit_size.section",)),
)
NAMES = tuple(row.name for row in ROWS)

#: The hook ids that run every check of a stage, by stage.
STAGE_IDS = {
    COMMIT: "labgate-commit",
    MERGE: "labgate-merge",
    PREPARE: "labgate-prepare-message",
    MESSAGE: "labgate-message",
    PUSH: "labgate-push",
}
STAGES = tuple(STAGE_IDS)
#: Rules that the contract has and no check yet: a policy may already set their levels.
PLANNED = (
    *("LG206", "LG207", "LG209"),
    *("LG302", "LG303", "LG304", "LG305", "LG306", "LG405"),
    *("LG501", "LG502", "LG503", "LG601", "LG602", "LG701"),
)


def rows(names: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of these checks in the order of output; of all where none is named.

    Raises: ``UsageError`` for a name that no check has.
    """
    for name in names:
        if name not in NAMES:
            from labgate.values.errors import UsageError

            message = f"there is no check {name}"
            raise UsageError(message, f"choose from: {', '.join(NAMES)}")
    return tuple(row for row in ROWS if not names or row.name in names)


def at_stage(stage: str, names: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of the named checks that run at a stage of git; of all that do where none is named.

    Raises: ``UsageError`` for a check that does not run there.
    """
    here = tuple(row for row in ROWS if stage in row.stages)
    for row in rows(names) if names else ():
        if row not in here:
            from labgate.values.errors import UsageError

            message = f"{row.name} does not apply at {stage}"
            raise UsageError(message, f"the checks of this stage: {', '.join(each.name for each in here)}")
    return tuple(row for row in here if not names or row.name in names)


def stages_of_ids() -> dict[str, str]:
    """Return the stage of every hook id in the manifest."""
    return {name: stage for stage, name in (*STAGE_IDS.items(), (MANUAL, CHECK_ID))} | {
        row.name: row.hook for row in ROWS if row.hook
    }


def all_rules() -> tuple[Rule, ...]:
    """Return every rule of every check, in the order of output. Loads them all: for documents and SARIF only."""
    return tuple(rule for row in ROWS for rule in row.rules)


def policy_reader() -> Reader:
    """Return what reads policies: with the sections of all checks, and the codes of all rules. Loads both."""
    from labgate.policy.reader import Reader

    sections = tuple(_load(name).schema() for row in ROWS for name in row.sections)
    return Reader(sections, frozenset((*PLANNED, *(rule.code for rule in all_rules()))))


def _load(name: str) -> Module:
    # importlib is as slow to import as all that a passing hook may import together.
    module: Module = __import__(name, fromlist=[""])
    return module
