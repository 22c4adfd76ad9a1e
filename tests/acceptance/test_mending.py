"""The ``help:`` line of every rule, run as it is printed: then the finding is gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from labgate.checks.registry import all_rules
from support.forge import FakeHost
from support.hosted import Project
from support.people import adopt, by, reviewed
from support.repo import Repo, Result
from support.team import POLICY, Judge, check, found, research

CASES: dict[str, Callable[[Repo], Judge]] = {}


def case(code: str, about: str = "") -> Callable[[Callable[[Repo], Judge]], Callable[[Repo], Judge]]:
    """Register what makes a repository in which a rule finds something."""

    def register(build: Callable[[Repo], Judge]) -> Callable[[Repo], Judge]:
        CASES[f"{code} {about}".rstrip()] = build
        return build

    return register


#: The project of a case that needs a code host.
PROJECTS: list[Project] = []


@pytest.fixture
def team(repo: Repo) -> Iterator[Repo]:
    yield found(repo)
    while PROJECTS:
        PROJECTS.pop().host.__exit__(None, None, None)


def approved(team: Repo) -> Project:
    """A pull request of ada's for research/x, which lin has approved."""
    logins = {name: f'["{name}@example.org"]' for name in ("ada", "lin", "kim")}
    policy = POLICY.replace("[reviews.people.ada]", '[reviews]\nassurance = "forge"\n[reviews.people.ada]')
    for name, emails in logins.items():
        policy = policy.replace(f"emails = {emails}", f'emails = {emails}\ngithub = "{name}"')
    adopt(team, f'{policy}\n[reviews.people.grace]\nemails = ["grace@example.org"]\n')
    research(team)
    remote = Repo(team.path.parent / f"{team.path.name}-origin.git", team.env)
    PROJECTS.append(project := Project(team, remote, FakeHost("acme/lab").__enter__()))
    project.pull_request(7, "research/x", author="ada")
    project.host.review(7, "lin")
    return project


def commit(repo: Repo) -> Judge:
    """A commit with labgate's own hook. Mended, there is nothing left to commit, or it is made."""
    repo.run("labgate", "install")
    return lambda: repo.run("git", "commit", "--message", "All of it", status=None)


def push(repo: Repo, *args: str) -> Judge:
    repo.run("labgate", "install")
    return lambda: repo.run("git", "push", "--porcelain", "origin", *args, status=None)


def rules(said: Result) -> list[str]:
    return re.findall(r": (LG[0-9]{3}) (?:error|warning|note): ", said.text)


def help_of(said: Result, code: str) -> str:
    """Return the help of the first finding of a rule, as it stands there: on several lines where they are continued."""
    printed = re.search(rf": {code} [a-z]+: .*\n    help: ((?:.*\\\n)*.+)\n", said.text)
    assert printed is not None, said.text
    return printed[1]


@case("LG101")
def unknown_kind(team: Repo) -> Judge:
    team.branch("feature_x").commit("A thing", {"a": "1\n"})
    return check(team)


@case("LG102")
def bad_field(team: Repo) -> Judge:
    team.branch("experiment--huosing--wide")
    team.write({"a": "1\n"}).git("add", "a")
    return commit(team)


@case("LG103")
def unsafe_name(team: Repo) -> Judge:
    team.branch("feature/a;touch$IFS'x'").commit("A thing", {"a": "1\n"})
    return check(team)


@case("LG104")
def case_collision(team: Repo) -> Judge:
    team.branch("feature/x").push("feature/x")
    # Where the file system ignores case git itself would not make it.
    team.git("pack-refs", "--all")
    team.branch("feature/X").commit("A thing", {"a": "1\n"})
    return check(team)


@case("LG105")
def wrong_base(team: Repo) -> Judge:
    team.branch("research/x").commit("Try it", {"try.py": "1\n"})
    team.branch("feature/x").commit("Tidy up", {"tidy.py": "1\n"})
    team.push("research/x")
    return check(team)


@case("LG106")
def commit_on_protected(team: Repo) -> Judge:
    team.write({"slip": "1\n"}).git("add", "slip")
    return commit(team)


@case("LG201")
def unreviewed_research(team: Repo) -> Judge:
    research(team)
    return push(team, "HEAD:main")


@case("LG201", "claimed by another branch too")
def claimed_research(team: Repo) -> Judge:
    team.branch("feature/tidy").commit("Tidy up", {"tidy.py": "1\n"}, **by("ada"))
    team.branch("research/tidier").commit("Tidy more", {"tidier.py": "1\n"})
    team.push("feature/tidy", "research/tidier")
    team.checkout("feature/tidy")
    return check(team)


@case("LG201", "in a tag")
def tagged_research(team: Repo) -> Judge:
    """Lin and kim have reviewed what is on the trunk already, and wrote some of it: no word about that."""
    for author, reviewer in (("lin", "kim"), ("kim", "lin")):
        team.checkout("main").commit(f"By {author}", {f"{author}.py": "1\n"}, **by(author))
        team.commit(reviewed(reviewer), None, **by(reviewer))
        team.push("main")
    research(team)
    team.git("tag", "v2")
    judge = push(team, "v2")
    assert rules(judge()) == ["LG201"]
    return judge


@case("LG201", "in an annotated tag that no branch has")
def tagged_commit(team: Repo) -> Judge:
    research(team)
    team.git("tag", "--annotate", "-m", "Two\n\nThe second.", "v2")
    team.commit("Go on", {"more.py": "1\n"}, **by("ada"))
    team.push("research/x")
    return push(team, "v2")


@case("LG202")
def suspected_research(team: Repo) -> Judge:
    """A file of research is typed again under its name, a third of its lines another way."""
    adopt(team, POLICY.replace("lines = 10\n", "lines = 100\n").replace("series-lines = 20", "series-lines = 200"))
    steps = ("tokenise", "normalise", "embed", "attend", "pool", "project", "mix", "decode")
    tried = [f"{name}_width = measure_{name}(corpus, beams={at})\n" for at, name in enumerate(steps)]
    tried += [f"{name}_loss = compare_{name}({name}_width, baseline)\n" for name in steps]
    team.branch("research/x").commit("Try it", {"beams.py": "".join(tried)}, **by("ada"))
    team.push("research/x")
    edited = [f"result_{at} = run(step={at})\n" if at % 3 == 1 else line for at, line in enumerate(tried)]
    team.checkout("main").branch("feature/beams").commit("Search with beams", {"beams.py": "".join(edited)})
    return check(team)


@case("LG203")
def stale_review(team: Repo) -> Judge:
    project = approved(team)
    team.checkout("research/x").commit("More", {"more.py": "1\n"}, **by("ada"))
    project.pull_request(7, "research/x", author="ada")
    return lambda: project.judge(7)


@case("LG208")
def standing_objection(team: Repo) -> Judge:
    project = approved(team)
    project.host.review(7, "kim", "CHANGES_REQUESTED")
    return lambda: project.judge(7)


@case("LG204")
def self_review(team: Repo) -> Judge:
    research(team)
    team.commit(reviewed("ada"), {}, **by("ada"))
    return check(team)


@case("LG205")
def quorum_not_met(team: Repo) -> Judge:
    adopt(team, f"{POLICY}\n[reviews]\nquorum = {{ total = 2 }}\n")
    research(team)
    team.commit(reviewed("lin"))
    return check(team)


@case("LG210")
def useless_policy(team: Repo) -> Judge:
    team.commit("Change the policy", {"labgate.toml": POLICY + "oops\n"})
    return push(team, "main")


@case("LG211", "deleted")
def protected_deleted(team: Repo) -> Judge:
    team.push("main:release/1.0")
    team.git("fetch", "--quiet")
    return push(team, "--delete", "release/1.0")


@case("LG211", "not a fast-forward")
def protected_rewritten(team: Repo) -> Judge:
    team.commit("Landed", {"landed": "1\n"})
    team.push("main")
    team.git("reset", "--quiet", "--hard", "HEAD~1")
    team.commit("Mine", {"mine": "1\n"})
    return push(team, "--force", "main")


@case("LG211", "with a tip that is not here")
def protected_unknown(team: Repo) -> Judge:
    other = Repo(team.path.parent / "other", team.env)
    team.git("clone", "--quiet", team.git("remote", "get-url", "origin"), str(other.path))
    other.commit("Landed by others", {"landed": "1\n"})
    other.push("main")
    team.commit("Mine", {"mine": "1\n"})
    return push(team, "--force", "main")


@case("LG211", "of a tag")
def protected_tag(team: Repo) -> Judge:
    team.branch("docs/x").commit("Another", {"a": "1\n"})
    team.git("tag", "v1", "HEAD")
    team.push("v1")
    team.git("tag", "--force", "v1", "main")
    return push(team, "--force", "v1")


@case("LG212")
def wrong_target(team: Repo) -> Judge:
    adopt(team, POLICY.replace('["research", "protected"]', '["research"]'))
    research(team)
    return check(team, "--target", "main", "--source", "research/x")


@case("LG301")
def missing_trailer(team: Repo) -> Judge:
    # As a warning it would let the push through, and what is on the remote is not judged again.
    adopt(team, f'{POLICY}\n[levels]\nLG301 = "error"\n')
    team.branch("experiment--housing--wide").commit("Widen", {"loss.py": "1\n"})
    return push(team, "HEAD")


@case("LG401", "at commit")
def too_many_lines(team: Repo) -> Judge:
    team.branch("feature/x")
    team.write({"a/a.py": "a\n" * 8, "b/b.py": "b\n" * 7}).git("add", ".")
    return commit(team)


@case("LG401", "at push")
def too_many_lines_landing(team: Repo) -> Judge:
    team.branch("feature/x").commit("A lot", {"a/a.py": "a\n" * 8, "b/b.py": "b\n" * 7})
    return check(team, "--target", "main", "--head", "HEAD")


@case("LG401", "below another commit")
def too_many_lines_below(team: Repo) -> Judge:
    again = too_many_lines_landing(team)
    team.commit("A little", {"c.py": "c\n"})
    return again


@case("LG402")
def too_many_files(team: Repo) -> Judge:
    team.branch("feature/x")
    team.write({f"{folder}/{name}.py": "1\n" for folder in "ab" for name in "xyz"}).git("add", ".")
    return commit(team)


@case("LG403")
def too_many_bytes(team: Repo) -> Judge:
    team.branch("feature/x").commit("A model", {"model.bin": b"\0" * 2000, "model.py": "1\n"})
    return check(team, "--target", "main", "--head", "HEAD")


@case("LG404")
def series_too_large(team: Repo) -> Judge:
    team.branch("feature/x")
    for name in "abc":
        team.commit(f"Part {name}", {f"{name}.py": f"{name}\n" * 9})
    return check(team)


@case("LG405")
def mixed_components(team: Repo) -> Judge:
    components = '[mixed-components.components]\nrealm = ["realm/**"]\nlegion = ["legion/**"]\n'
    adopt(team, f"{POLICY}\n{components}")
    team.branch("feature/x")
    team.write({"realm/r.c": "int r;\n", "legion/l.c": "int l;\n"}).git("add", ".")
    return commit(team)


@case("LG501")
def unfinished_commit(team: Repo) -> Judge:
    team.branch("feature/x").commit("Own work", {"own.py": "1\n"})
    team.commit("wip", {"own.py": "2\n"})
    return push(team, "feature/x:main")


@case("LG502")
def short_lived_artifact(team: Repo) -> Judge:
    adopt(team, f'{POLICY}\n[commit-hygiene]\nci-authors = ["ci@example.org"]\nshort-lived = ["**/*.dvc"]\n')
    team.branch("feature/x").commit("Results", {"a.dvc": "md5: 1\n"}, **by("ada", "ci@example.org"))
    return push(team, "feature/x:main")


@case("LG503")
def source_without_tests(team: Repo) -> Judge:
    adopt(team, f'{POLICY}\n[[commit-hygiene.tests]]\nsource = ["try.py"]\ntests = ["tests/**"]\n')
    research(team)
    team.commit(reviewed("lin"))
    return push(team, "HEAD:main")


@case("LG601")
def behind_base(team: Repo) -> Judge:
    # As a warning it would let the push through, and what is on the remote is not judged again.
    adopt(team, f"{POLICY}\n[branch-drift.limits.topic]\ncommits = 1\nrefuse-push = true\n")
    team.branch("feature/x").commit("Own work", {"own.py": "1\n"})
    team.checkout("main")
    for name in "ab":
        team.commit(f"Go on with {name}", {f"{name}.py": "1\n"})
    team.push("main")
    team.checkout("feature/x")
    return push(team, "HEAD")


@case("LG602")
def conflict_ahead(team: Repo) -> Judge:
    adopt(team, f"{POLICY}\n[branch-drift.limits.topic]\ncommits = 1\n")
    team.branch("feature/x").commit("Own work", {"same.py": "1\n"})
    team.checkout("main").commit("Go on", {"same.py": "2\n"})
    team.push("main")
    team.checkout("feature/x")
    return push(team, "HEAD")


@case("LG701")
def wrong_remote(team: Repo) -> Judge:
    mirror = team.with_remote("mirror").path
    taken = f'[[remote-policy.remotes]]\nmatch = "{mirror}"\nkinds = ["protected"]\n'
    canonical = team.git("remote", "get-url", "origin")
    adopt(team, f'{POLICY}\n{taken}[[remote-policy.remotes]]\nmatch = "{canonical}"\ncanonical = true\n')
    team.git("push", "--quiet", "--no-verify", "mirror", "main")
    research(team)
    team.run("labgate", "install")
    return lambda: team.run("git", "push", "--porcelain", "mirror", "research/x", status=None)


#: What people do where the help is a step and no command, or only the first one. Returned is how to judge what is
#: proposed then, ``None`` for the same as before.
Step = Callable[[Repo, Result], "Judge | None"]


def ask_somebody_else(team: Repo, said: Result) -> None:
    assert help_of(said, "LG204") == "ask somebody else in [reviews.people] to review it"
    team.run("sh", "-c", help_of(said, "LG201"))


def approve_it_again(_: Repo, said: Result) -> None:
    assert help_of(said, "LG203") == "ask lin to approve pull request #7 again"
    PROJECTS[-1].host.review(7, "lin")


def settle_it(_: Repo, said: Result) -> None:
    assert help_of(said, "LG208").startswith("resolve it with kim: an approval by kim, or the dismissal")
    PROJECTS[-1].host.review(7, "kim")


def leave_it_out_of_the_push(team: Repo, said: Result) -> Judge:
    assert help_of(said, "LG211") == "leave release/1.0 out of the push, or list it in [research-gate] deletable"
    adopt(team, f'{POLICY}\n[research-gate]\ndeletable = ["release/{{version}}"]\n')
    return push(team, "--delete", "release/1.0")


def push_without_force(team: Repo, said: Result) -> Judge:
    team.run("sh", "-c", help_of(said, "LG211"))
    return push(team, "main")


def send_it_elsewhere(team: Repo, said: Result) -> Judge:
    assert help_of(said, "LG212") == "send it to a branch of kind research, or change [kinds.research] targets"
    return check(team, "--target", "research/y", "--source", "research/x")


def propose_the_first_part(team: Repo, said: Result) -> Judge:
    command = help_of(said, "LG404")
    team.run("sh", "-c", command)
    return check(team, "--target", "main", "--head", command.split()[2])


def commit_the_rest(team: Repo, said: Result) -> None:
    team.run("sh", "-c", help_of(said, "LG401"))
    assert team.git("status", "--porcelain") == " A b/b.py"
    team.run("sh", "-c", "git commit --quiet --all --message 'The rest'")


def commit_the_rest_and_go_on(team: Repo, said: Result) -> None:
    commit_the_rest(team, said)
    team.git("rebase", "--continue")


def keep_it_elsewhere(team: Repo, said: Result) -> None:
    team.run("sh", "-c", help_of(said, "LG403"))
    assert team.git("status", "--porcelain") == " A model.bin"
    team.git("rm", "--quiet", "--force", "model.bin")


def excuse_it_and_then_add_a_test(team: Repo, said: Result) -> None:
    team.run("sh", "-c", help_of(said, "LG503"), stdin="generated\n")
    assert "LG503 note: try.py changed without a test in tests/**: generated" in check(team)().text
    team.commit("Test it", {"tests/test_try.py": "1\n"}, **by("ada"))
    team.commit(reviewed("lin"))


def settle_the_conflict(team: Repo, said: Result) -> None:
    team.run("sh", "-c", help_of(said, "LG602"), status=1)
    team.commit("Merge main", {"same.py": "3\n"})


def push_it_where_it_belongs(team: Repo, said: Result) -> Judge:
    command = help_of(said, "LG701")
    return lambda: team.run("sh", "-c", command, status=None)


STEPS: dict[str, Step] = {
    "LG203": approve_it_again,
    "LG204": ask_somebody_else,
    "LG208": settle_it,
    "LG211 deleted": leave_it_out_of_the_push,
    "LG211 not a fast-forward": push_without_force,
    "LG211 with a tip that is not here": push_without_force,
    "LG212": send_it_elsewhere,
    "LG401 at push": commit_the_rest,
    "LG401 below another commit": commit_the_rest_and_go_on,
    "LG403": keep_it_elsewhere,
    "LG404": propose_the_first_part,
    "LG503": excuse_it_and_then_add_a_test,
    "LG602": settle_the_conflict,
    "LG701": push_it_where_it_belongs,
}


#: Rules about records, whose helps test_experiment_check.py and test_experiment_push.py run.
OF_RECORDS = {"LG302", "LG303", "LG304", "LG305", "LG306"}


def test_every_rule_has_a_case() -> None:
    assert {name.split()[0] for name in CASES} == {rule.code for rule in all_rules()} - OF_RECORDS
    assert set(STEPS) <= set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_help_of_a_finding_mends_it(name: str, team: Repo) -> None:
    code = name.split(maxsplit=1)[0]
    judge = CASES[name](team)
    said = judge()
    assert code in rules(said), said.text
    if name in STEPS:
        judge = STEPS[name](team, said) or judge
    else:
        team.run("sh", "-c", help_of(said, code))
    assert code not in rules(mended := judge()), mended.text
    assert "error:" not in mended.text
    assert not (team.path / "x").exists()
