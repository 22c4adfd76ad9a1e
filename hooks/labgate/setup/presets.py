"""The presets: commented policies, filled in for one repository, and how many of its branches each would accept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from labgate.checks.branch_name.check import Facts, check
from labgate.checks.registry import policy_reader
from labgate.policy.model import OWN_FILE, Policy
from labgate.policy.shape import quoted
from labgate.report.escape import safe
from labgate.research.section import BEFORE_TRUNK
from labgate.setup.survey import People, Somebody, Survey
from labgate.values.errors import LabgateError, PolicyError
from labgate.values.refnames import HEADS
from labgate.values.value import Value

#: Name of each preset, and the kind of branch that a team has only if it works this way. Of equals the first is taken.
PRESETS = {"research-branch": "research", "experiment-branches": "experiment", "trunk": None}

#: Where ``init`` writes the policy's JSON Schema: beside the policy, to be committed with it. So every clone and work
#: tree has it, without a network, and in the version that the policy was written for.
SCHEMA = "labgate.schema.json"
#: Where former versions wrote it: into the clone that was set up, and no other.
FORMER_SCHEMA = ".git/labgate/policy.schema.json"

#: Branches that programs name: dependency updates, merge queues, releases, coding agents, and the buttons of code hosts
#: (revert this, edit this file, publish these pages). They stand behind research and experiments, whose names win.
BOTS = (
    *("dependabot/**", "renovate/**", "mergify/**", "gh-readonly-queue/**", "create-pull-request/**"),
    *("pre-commit-ci-*", "release-please--*", "release-please--*/**", "backport/**", "revert-*", "revert-*/**"),
    *("*-patch-*", "gh-pages", "copilot/**", "codex/**", "claude/**"),
)
TYPES = (
    *("feature", "feat", "fix", "bugfix", "hotfix", "docs", "test", "ci", "build"),
    *("chore", "refactor", "perf", "style", "release-notes"),
)
#: The addresses with which bots and coding agents commit, or are named as co-authors.
AGENTS = (
    *("*[bot]@users.noreply.github.com", "*+copilot@users.noreply.github.com", "noreply@anthropic.com"),
    *("cursoragent@cursor.com", "bot@renovateapp.com", "action@github.com", "github-actions@github.com"),
)
#: Files that a tool writes: nobody reviews them line by line.
_GENERATED = ("*.lock", "*-lock.json", "*-lock.yaml", "vendor/**")
_SIZES = """\
# Limits for changes to a protected branch: small changes get better reviews.
# Of 15,647 landings on four real projects these refuse fewer than 2 %.$quiet
[commit-size]
ignore = $generated
[commit-size.limits.protected]
lines = 1000
files = 50
file-bytes = "2MB"
bytes = "5MB"
series-lines = 3000
series-commits = 50"""
#: What the limits say of a commit on a branch of research or experiments.
_QUIET = {
    "research-branch": "\n# On research branches nothing is measured: commits there get no warning.",
    "experiment-branches": "\n# On experiment branches nothing is measured: commits there get no warning.",
    "trunk": "",
}
_WIDTH = 80


class Proposal(Value):
    """A preset filled in: ``text`` is the policy file, ``misfits`` the current branches whose names it would refuse."""

    preset: str
    text: str
    policy: Policy
    branches: tuple[str, ...]
    misfits: tuple[str, ...]

    @property
    def accepted(self) -> int:
        return len(self.branches) - len(self.misfits)

    @property
    def lane_in_use(self) -> bool:
        """Whether the team has branches of the kind that this preset is for."""
        lane = PRESETS[self.preset]
        found = (self.policy.classify(HEADS + branch) for branch in self.branches)
        return lane is not None and any(kind.name == lane and kind.fields is not None for kind in found)


def propose(survey: Survey, preset: str | None) -> tuple[Proposal, tuple[Proposal, ...]]:
    """Return the preset of that name, or with ``None`` the one that fits best, and the others.

    A team that has research or experiment branches needs the rules for them, whatever else does not fit; then the
    preset that accepts most of today's branches wins. Raises: ``LabgateError`` when no policy can have this trunk.
    """
    tried = {name: _tried(name, survey) for name in PRESETS}
    filled = [found for found in tried.values() if isinstance(found, Proposal)]
    wanted = [one for one in filled if preset in (None, one.preset)]
    if not wanted:
        failed = tried["trunk" if preset is None else preset]
        reason = failed.problems[0] if isinstance(failed, PolicyError) else "it does not fit"
        message = f"no policy of the preset {preset or 'trunk'} can have the trunk {survey.trunk.name}: {reason}"
        raise LabgateError(message, "labgate init --preset NAME, or: git config labgate.trunk BRANCH")
    best = max(wanted, key=lambda one: (one.lane_in_use, one.accepted))
    return best, tuple(one for one in filled if one is not best)


def _tried(preset: str, survey: Survey) -> Proposal | PolicyError:
    try:
        return fill(preset, survey)
    except PolicyError as error:
        return error


def fill(preset: str, survey: Survey) -> Proposal:
    """Return a preset with the names of this repository. Raises: ``PolicyError`` when they make no policy."""
    template = (files("labgate.setup") / "presets" / f"{preset}.toml").read_text(encoding="utf-8")
    releases = _releases(survey)
    text = Template(template).substitute(
        schema=f"./{SCHEMA}",
        repository=_repository(survey.name),
        trunk=_toml(survey.trunk.name),
        protected=_list("names = ", (survey.trunk.name, *releases, "refs/tags/v*")),
        bots=_list("names = ", _bots(preset, releases)),
        types=_list("fields.type = ", TYPES),
        deletable=_list("deletable = ", releases) + _landed(survey),
        reviews="\n".join(_reviews(survey.people)),
        sizes=Template(_SIZES).substitute(generated=_list("ignore = ", _GENERATED), quiet=_QUIET[preset]),
    )
    policy = policy_reader().parse(text, OWN_FILE)
    _refuse_vanity(policy, survey)
    return Proposal(preset, text, policy, survey.branches, _misfits(policy, survey.branches))


def _bots(preset: str, releases: Sequence[str]) -> tuple[str, ...]:
    """Return the names that machines and code hosts' buttons give to branches.

    An issue branch may be called 12-patch-loader, and is a source of research where a preset has issues of experiments.
    """
    strict = {"*-patch-*": "{login}-patch-{number}"} if preset == "experiment-branches" else {}
    # A protected release-{version} would match names that start with it.
    taken = tuple(name.partition("{")[0] for name in releases)
    return tuple(strict.get(name, name) for name in BOTS if not name.startswith(taken))


def _refuse_vanity(policy: Policy, survey: Survey) -> None:
    """Raises: ``PolicyError`` for a part without effect, such as ``research/{topic}`` beside a trunk ``research``.

    A policy without reviewers is allowed: that is the next step for people.
    """
    nobody = not survey.people.me
    lines = [line for line in policy_reader().lint(policy) if not (nobody and "[reviews] people" in line)]
    if lines:
        raise PolicyError(tuple(lines))


def _misfits(policy: Policy, branches: Sequence[str]) -> tuple[str, ...]:
    """Return the branches that branch-name would refuse if somebody created them now."""
    return tuple(name for name in branches if any(check(Facts(HEADS + name, created=True), policy)))


def _landed(survey: Survey) -> str:
    """Return a hint below the keys of the gate, if changes seem to land on another branch before the trunk."""
    first = [name for name in BEFORE_TRUNK if name in survey.branches and name != survey.trunk.name]
    if not first:
        return ""
    return f"""
# If changes land on {first[0]} first, protect it above, and take away the # here:
# landed = {_list("landed = ", first)}"""


def _releases(survey: Survey) -> tuple[str, ...]:
    """Return the names of release branches: the usual form, and the one with a hyphen if it is in use."""
    if survey.trunk.name == "release":
        return ()  # git cannot have release/1.0 beside it
    hyphen = any(name.startswith("release-") for name in survey.branches if name != survey.trunk.name)
    return ("release/{version}", "release-{version}") if hyphen else ("release/{version}",)


def _repository(name: str | None) -> str:
    """Return the line with the repository's name, as a comment if no remote has a legal one."""
    line = f"repository = {_toml(name or '')}"
    try:
        policy_reader().parse(f'version = 1\n{line}\ntrunk = "m"\n[kinds.protected]\nnames = ["m"]\n', OWN_FILE)
    except PolicyError:
        return '# repository = "github.com/acme/models"     # what the team pushes to'
    return line


def _reviews(people: People) -> list[str]:
    lines = ["# Nobody reviews their own work, so it takes two people for research to land."]
    lines += [
        "[reviews]",
        "quorum = { total = 1 }",
        "bound = true  # a review covers what was reviewed, and no later edit",
        'machines = ["noreply@github.com"]  # they land changes and never count',
        "# Authors and co-authors that are no persons: their change is its opener's.",
        f"agents = {_list('agents = ', AGENTS)}",
    ]
    used: set[str] = set()
    if people.me is not None:
        lines += ["", *_person(people.me, _key(people.me, used))]
    if people.others:
        lines += ["", "# Who committed most in the last year. Take away the # before those who review,"]
        lines += ["# and check that all the addresses of a person stand together."]
        for one in people.others:
            lines += [f"# {line}" for line in _person(one, _key(one, used), every=True)]
    elif people.me is None:
        lines += ["", "# [reviews.people.ada]", '# emails = ["ada@example.org"]']
    return lines


def _person(one: Somebody, key: str, *, every: bool = False) -> list[str]:
    """Return the lines of one person; only the first address, unless ``every``."""
    commits = f", {one.commits:,} commit{'' if one.commits == 1 else 's'}" if one.commits else ""
    lines = [f"[reviews.people.{quoted(key)}]  # {safe(one.name, 40)}{commits}"]
    lines += f"emails = {_list('emails = ', one.emails if every else one.emails[:1])}".split("\n")
    if not every and len(one.emails) > 1:
        lines.append(f"# also seen under this name; add what is really theirs: {', '.join(one.emails[1:])}")
    return lines


def _key(one: Somebody, used: set[str]) -> str:
    """Return an unused name for a person."""
    key, number = one.key, 1
    while key in used:
        number += 1
        key = f"{one.key}-{number}"
    used.add(key)
    return key


def _list(before: str, items: Sequence[str]) -> str:
    """Return a TOML list: on one line if it fits after the text ``before`` it, else on several lines."""
    words = [_toml(item) for item in items]
    line = f"[{', '.join(words)}]"
    if len(before) + len(line) <= _WIDTH:
        return line
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) + 2 > _WIDTH - 4:
            lines.append("")
        lines[-1] += f" {word}," if lines[-1] else f"{word},"
    return "[\n" + "".join(f"    {text}\n" for text in lines) + "]"


def _toml(text: str) -> str:
    """Return a TOML basic string. TOML has JSON's escapes except surrogate pairs, so none are written.

    DEL is the only character that JSON does not escape and TOML forbids.
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
