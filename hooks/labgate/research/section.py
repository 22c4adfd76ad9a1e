"""``[research-gate]``: which code is research, and how it may reach a protected branch."""

from __future__ import annotations

from labgate.policy.glob import Glob
from labgate.policy.grammar import Template
from labgate.policy.lint import can_be, known_kinds
from labgate.policy.model import Policy
from labgate.policy.schema import DURATION, KIND_NAMES, NAME_OF_REFS, SectionSchema, matching
from labgate.policy.shape import Choice, Key, ListOf, Problems, Record, shown
from labgate.values.refnames import HEADS
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.policy.here import Here
    from labgate.policy.model import Table

#: Branches on which changes of many teams land before they come to the trunk.
BEFORE_TRUNK = ("develop", "development", "dev", "next", "integration", "staging")
#: The default sources, if the policy has these kinds.
DEFAULT_SOURCES = ("research", "experiment")
#: The fields in a branch's name that make it that of an experiment.
_EXPERIMENT = frozenset(("service", "handle"))
_REPOSITORIES = r"[^\s/:@#]+(/[^\s/:@#]+)+(?<!\.git)"


class ResearchGate(Value):
    """``[research-gate]``: ``sources`` are kind names, ``keep_deleted`` is in seconds.

    ``source_repositories`` are casefolded. ``landed`` are branches, beside the trunk, on which code counts as landed.
    """

    NAME = "research-gate"

    sources: tuple[str, ...]
    source_repositories: tuple[Glob, ...]
    require_review: str
    deletable: tuple[Template, ...]
    keep_deleted: int
    landed: tuple[Template, ...]

    def __init__(self, table: Table) -> None:
        super().__init__(
            sources=tuple(table["sources"]),
            source_repositories=tuple(Glob(text.casefold()) for text in table["source-repositories"]),
            require_review=table["require-review"],
            deletable=tuple(Template(text, {}) for text in table["deletable"]),
            keep_deleted=table["keep-deleted"],
            landed=tuple(Template(text, {}) for text in table["landed"]),
        )

    def has_landed(self, ref: str) -> bool:
        """Return whether code on a ref (full name on its remote), which is not the trunk, counts as landed."""
        found = ((template, template.fits(ref)) for template in self.landed)
        return any(values is not None and template.bad_field(values) is None for template, values in found)

    def is_source_repository(self, name: str | None) -> bool:
        """Return whether a repository (``host/owner/name``; ``None``: it has no such name) holds only research.

        GitHub, GitLab, Bitbucket and Gitea all find a repository under its name in any case. A host that does not is
        unlikely to have two whose names differ in nothing else.
        """
        return name is not None and any(glob.matches(name.casefold()) for glob in self.source_repositories)


_SHAPE = Record(
    (
        Key("sources", KIND_NAMES, "Kinds whose code needs a review; by default those named research and experiment."),
        Key(
            "source-repositories",
            ListOf(
                matching(_REPOSITORIES, 'host/owner/name such as "github.com/acme-research/*"'),
                "a list of repositories",
            ),
            "Repositories, as host/owner/name globs, whose branches all count as research.",
            [],
        ),
        Key(
            "require-review",
            Choice(("research", "all")),
            "Which code needs a review to reach a protected branch.",
            "research",
        ),
        Key("deletable", ListOf(NAME_OF_REFS, "a list of names"), "Protected refs that may be deleted.", []),
        Key("keep-deleted", DURATION, "How long deleted research refs are recognised.", "180d"),
        Key(
            "landed",
            ListOf(NAME_OF_REFS, "a list of names"),
            "Protected refs, beside the trunk, on which code counts as landed.",
            [],
        ),
    )
)


def schema() -> SectionSchema:
    """Return the schema of ``[research-gate]``."""
    key = Key(ResearchGate.NAME, _SHAPE, "How research code reaches a protected branch.", {})
    return SectionSchema(key, _complete, _check, _lint, _here)


def _complete(table: Table) -> None:
    gate = table[ResearchGate.NAME]
    if gate["sources"] is None:
        gate["sources"] = [name for name in DEFAULT_SOURCES if name in table["kinds"]]


def _check(table: Table, problems: Problems) -> None:
    path = (ResearchGate.NAME, "sources")
    sources = table[ResearchGate.NAME]["sources"]
    known_kinds(sources, table, path, problems)
    if "protected" in sources:
        problems.add(path, '"protected" cannot be a source: the gate protects it')


def _lint(policy: Policy, problems: Problems) -> None:
    for template in policy.section(ResearchGate).deletable:
        if not can_be(template, "protected", policy):
            message = f"{shown(template.text)} is not protected, so anybody may delete it"
            problems.add((ResearchGate.NAME, "deletable"), message)
    for template in policy.section(ResearchGate).landed:
        if not can_be(template, "protected", policy):
            message = f"{shown(template.text)} is not protected, so nothing has landed there"
            problems.add((ResearchGate.NAME, "landed"), message)


def ungated(policy: Policy) -> tuple[str, ...]:
    """Return the kinds with names of research or of experiments that are not sources, though others are.

    They are named as the default sources, or have a branch name with a service and a handle.
    """
    gate = policy.section(ResearchGate)
    if not gate.sources or gate.require_review == "all":
        return ()
    return tuple(
        kind.name
        for kind in policy.kinds
        if kind.name not in (*gate.sources, "protected")
        and (kind.name in DEFAULT_SOURCES or any(item.fields.keys() >= _EXPERIMENT for item in kind.templates))
    )


def _here(policy: Policy, here: Here, problems: Problems) -> None:
    for name in BEFORE_TRUNK:
        if (
            name in here.branches
            and name not in policy.trunks
            and not policy.section(ResearchGate).has_landed(HEADS + name)
        ):
            message = (
                f"what lands on {shown(name)} first counts as not landed; if changes do, name it here and protect it"
            )
            problems.add((ResearchGate.NAME, "landed"), message)
