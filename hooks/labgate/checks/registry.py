"""The only list of checks: a row for each. Hook ids, stages, rules and policy sections derive from it.

To import it loads no check: a hook loads only the modules that its stage needs.
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
        """A module of a check or of a policy section; the docstring of each member names the module that defines it.

        Each check has its own type of facts, so here they are ``Any``.
        """

        #: ``rules``: the finding of each rule, in the order of their codes.
        FINDINGS: tuple[type[Finding], ...]

        def check(self, facts: Any, policy: Policy) -> Iterator[Finding]:
            """``check``: yield one finding for each violation. Pure."""

        def review_state(self, facts: Any, policy: Policy) -> ReviewState | None:
            """``check``, if it judges reviews: return the review state, ``None`` if no review is needed."""

        def collect(self, scene: Scene, update: RefUpdate) -> Collected:
            """``facts``: return the facts of an update. Raises: ``UndecidedError``, ``GitError``."""

        def suspects(self, commit: ProposedCommit) -> bool:
            """``staged``: return whether a commit in progress needs a full check. On the commit hook's path."""

        def collect_staged(self, commit: ProposedCommit, around: Surroundings, *, suspect: bool) -> Collected:
            """``facts``, for a commit in progress; if not ``suspect``: only whether the check applies."""

        def schema(self) -> SectionSchema:
            """``section``: return the schema of the section."""


COMMIT, MERGE, PREPARE, MESSAGE, PUSH = "pre-commit", "pre-merge-commit", "prepare-commit-msg", "commit-msg", "pre-push"
#: The stage of frameworks that only a person or a CI job starts, and the hook id for it.
MANUAL, CHECK_ID = "manual", "labgate-check"


class Row(Value):
    """One check.

    ``name`` is its name in reports, and with ``_`` its folder. ``hundred`` is the first digit of its rules' codes; two
    checks may share one. ``stages`` are the git stages at which it runs. ``hook`` is the stage of the hook id that only
    runs this check, ``None`` if there is none. ``sections`` are the modules that declare its part of the policy.
    ``needs`` is the section and the key without which it judges no commit in progress, ``None`` if it always may.
    """

    name: str
    hundred: str
    stages: tuple[str, ...]
    hook: str | None = None
    sections: tuple[str, ...] = ()
    needs: tuple[str, str] | None = None

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

    def suspects(self, commit: ProposedCommit) -> bool:
        """Return whether a commit in progress needs a full check. On the commit hook's path."""
        if self.needs is not None and not commit.policy.table[self.needs[0]][self.needs[1]]:
            return False
        return self.module("staged").suspects(commit)


#: Every check, in the order of output.
ROWS = (
    Row("branch-name", "LG1", (COMMIT, MERGE, PUSH), COMMIT, ()),
    Row("research-gate", "LG2", (PUSH,), PUSH, ("labgate.research.section", "labgate.reviews.section")),
    Row(
        *("experiment-hash", "LG3", (COMMIT, PREPARE, MESSAGE, PUSH), PREPARE, ("labgate.experiments.section",)),
        ("experiment-hash", "artifacts"),
    ),
    Row("commit-size", "LG4", (COMMIT, MERGE, MESSAGE, PUSH), COMMIT, ("labgate.checks.commit_size.section",)),
    Row(
        *("mixed-components", "LG4", (COMMIT, MERGE, MESSAGE, PUSH), None),
        ("labgate.checks.mixed_components.section",),
        ("mixed-components", "components"),
    ),
    Row("commit-hygiene", "LG5", (PUSH,), None, ("labgate.checks.commit_hygiene.section",)),
    Row("branch-drift", "LG6", (PUSH,), None, ("labgate.checks.branch_drift.section",)),
    Row("remote-policy", "LG7", (PUSH,), None, ("labgate.checks.remote_policy.section",)),
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
#: Rules of the contract that no check has yet: a policy may already set their levels.
PLANNED = ("LG206", "LG207", "LG209")


def rows(names: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of these checks in the order of output; of all if none is named.

    Raises: ``UsageError`` when a name is unknown.
    """
    for name in names:
        if name not in NAMES:
            from labgate.values.errors import UsageError

            message = f"there is no check {name}"
            raise UsageError(message, f"choose from: {', '.join(NAMES)}")
    return tuple(row for row in ROWS if not names or row.name in names)


def at_stage(stage: str, names: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows of the named checks that run at a stage of git; of all that do if none is named.

    Raises: ``UsageError`` when a check does not run there.
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
    """Return every rule of every check, in the order of output. It loads all checks: for documents and SARIF only."""
    return tuple(rule for row in ROWS for rule in row.rules)


def is_rule(code: str) -> bool:
    """Return whether a code is that of a rule. It loads the rules of the checks with the first digit of the code."""
    return code in PLANNED or any(
        rule.code == code for row in ROWS if code.startswith(row.hundred) for rule in row.rules
    )


def policy_reader() -> Reader:
    """Return the policy reader, with the sections of all checks, which it loads."""
    from labgate.policy.reader import Reader

    sections = tuple(_load(name).schema() for row in ROWS for name in row.sections)
    return Reader(sections, is_rule)


def _load(name: str) -> Module:
    # To import importlib takes as long as all other imports of a hook that passes.
    module: Module = __import__(name, fromlist=[""])
    return module
