"""What tools and teams rely on is still there: every line of ``data/contract.txt`` holds in this version.

It knows labgate only from outside: the command line, JSON, the policy's schema, the manifest, git. A line that is lost
is a break of the contract; a line that is new is none. With ``LABGATE_UPDATE_GOLDEN=1`` new lines are added to the
file, and none is ever removed. Wording is not pinned, and of a value only its JSON type, but for the words that are
keys themselves (``VOCABULARY``).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from support.forge import FakeHost
from support.hosted import Project
from support.people import adopt, by, reviewed
from support.repo import Repo, Result

ROOT = Path(__file__).parents[1]
PINNED = ROOT / "tests" / "data" / "contract.txt"

POLICY = """\
version = 1
trunk = "main"

[kinds.protected]
names = ["main", "release/{version}"]
[kinds.research]
names = ["research/{topic}"]
targets = ["research", "protected"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
fields = { service = ["housing", "ranker"], handle = "[a-z]+" }
targets = ["experiment"]
[kinds.topic]
names = ["{type}/{slug}"]
fields = { type = ["feature", "fix"] }
base = ["protected"]

[commit-size.limits.protected]
lines = 40
files = 4
file-bytes = 3000
series-lines = 90
series-commits = 3

[reviews]
assurance = "trailer"
expires = "9999w"
quorum = { total = 2, affiliations = 2 }
[reviews.people.ada]
emails = ["ada@example.org"]
github = "ada"
affiliation = "uni-a"
[reviews.people.lin]
emails = ["lin@example.org"]
github = "lin"
affiliation = "uni-b"
[reviews.people.kim]
emails = ["kim@example.org"]
github = "kim"
affiliation = "uni-c"
"""
FORGE = POLICY.replace('"trailer"', '"forge"')

STEPS = ("tokenise", "normalise", "embed", "attend", "pool", "project", "mix", "decode")
BEAMS = [f"{name}_width = measure_{name}(corpus, beams={at})\n" for at, name in enumerate(STEPS)]
BEAMS += [f"{name}_loss = compare_{name}({name}_width, baseline)\n" for name in STEPS]

#: What the lines are about: their first words.
SUBJECTS = (
    *("command", "option", "exit", "hook", "trailer", "policy", "rule", "rules", "data", "fingerprint"),
    *("report", "trace", "doctor", "index", "sarif", "gitlab"),
)
#: Strings that are keys: a program compares them. By their place, as ``shape`` writes it.
VOCABULARY = {
    "stage",
    "outcome",
    "policy.origin",
    "updates[].outcome",
    "updates[].checks[].name",
    "updates[].checks[].outcome",
    "updates[].review.required",
    "updates[].review.reached",
    "updates[].review.missing[]",
    "findings[].level",
    "findings[].evidence[].method",
    "findings[].evidence[].hint",
    "LG103 reasons[]",
    "LG203 mend",
    "LG205 missing[]",
    "LG211 how",
    "LG401 unit",
    "LG402 unit",
    "LG403 unit",
    "LG404 unit",
    "[].evidence[].method",
    "[].evidence[].hint",
}
TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}

COMMANDS = re.compile(r"^  ([a-z]+) ", re.MULTILINE)
OPTIONS = re.compile(r"^  (?:(-\w), )?(--[a-z-]+)(?: \[([a-z0-9|-]+)\])?", re.MULTILINE)


def shape(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the place of every part of a JSON document (``findings[].data.name``) with the part."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, part in value.items():
            yield from shape(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for part in value:
            yield from shape(part, f"{path}[]")


def typed(subject: str, value: Any, vocabulary: str = "") -> Iterator[str]:
    """Yield a line for each key of a document and its type, and for each word of the vocabulary in it."""
    for path, part in shape(value):
        yield f"{subject} {path} {TYPES[type(part)]}"
        if vocabulary + path in VOCABULARY and isinstance(part, str):
            yield f"{subject} {path} = {part}"


@dataclass
class Contract:
    """``lines`` is what holds in this version. ``common`` are by rule the keys that its data had every time."""

    lines: set[str] = field(default_factory=set)
    common: dict[str, set[str]] = field(default_factory=dict)

    def add(self, lines: Iterator[str]) -> None:
        self.lines.update(lines)

    def exits(self, what: str, result: Result) -> Result:
        self.lines.add(f"exit {what}: {result.status}")
        return result

    def report(self, situation: str, result: Result) -> None:
        """Take in a JSON report."""
        assert result.out, f"{situation}: {result.err}"
        document = json.loads(self.exits(situation, result).out)
        for finding in document["findings"]:
            rule, data = finding["rule"], finding["data"]
            self.common[rule] = self.common.get(rule, set(data)) & set(data)
            self.lines.add(f"fingerprint {situation}: {rule} {finding['fingerprint']}")
            self.add(typed(f"data {rule}", data, f"{rule} "))
            # What is particular to a rule does not belong to every finding.
            finding["data"] = {}
        self.add(typed("report", document))

    def check(self, repo: Repo, situation: str, *args: str) -> None:
        self.report(situation, repo.labgate("check", "--format", "json", "--target", "main", *args))


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """What this version does, seen once."""
    made = Contract()
    repo = Repo.init(tmp_path_factory.mktemp("team") / "team")
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY, "README.md": "Models.\n"})
    repo.push("main")
    made.add(manifest())
    made.add(commands(repo))
    made.add(rules(repo))
    made.add(policy(repo))
    for provoke in (names, sizes, reviews, similarity, hooks, statuses, others):
        repo.git("checkout", "--quiet", "--force", "main")
        provoke(repo, made)
    code_host(tmp_path_factory.mktemp("hosted"), made)
    made.add(f"data {rule} always has {key}" for rule, keys in made.common.items() for key in keys)
    if os.environ.get("LABGATE_UPDATE_GOLDEN") == "1":
        PINNED.write_text("".join(f"{line}\n" for line in sorted(made.lines | pinned())), encoding="utf-8")
    return made


# What is declared.


def manifest() -> Iterator[str]:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        yield f"hook {hook['id']}: {' '.join(hook['stages'])} {hook['entry']}"
        yield f"hook {hook['id']} pass_filenames: {hook['pass_filenames']}"


def commands(repo: Repo, *command: str) -> Iterator[str]:
    """Yield the commands below one, and the options of each with the words that they choose from."""
    text = repo.labgate(*command, "--help", status=0).out
    for short, option, choices in OPTIONS.findall(text):
        named = " ".join(("option", *command, option))
        yield named
        yield from (f"{named} is {short}" for short in filter(None, [short]))
        yield from (f"{named} = {choice}" for choice in filter(None, choices.split("|")))
    for name in COMMANDS.findall(text.partition("\nCommands:\n")[2]):
        yield " ".join(("command", *command, name))
        yield from commands(repo, *command, name)


def rules(repo: Repo) -> Iterator[str]:
    document = json.loads(repo.labgate("rules", "--format", "json", status=0).out)
    for rule in document["rules"]:
        assert rule["summary"]
        yield f"rule {rule['code']} {rule['name']} {rule['level']}"
        for word in (rule["code"], rule["name"]):
            assert repo.labgate("explain", word, status=0).out.startswith(f"{rule['code']} {rule['name']}")
    yield from typed("rules", document | {"rules": []})


def policy(repo: Repo) -> Iterator[str]:
    yield from keys(json.loads(repo.labgate("policy", "schema", status=0).out))


def keys(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield every key of a policy as a dotted path, its type, default and words; ``*`` is any name, ``[]`` an item."""
    named = f"policy {path}"
    if "type" in schema:
        yield f"{named} {schema['type']}"
    if "default" in schema:
        yield f"{named} default {json.dumps(schema['default'])}"
    yield from (f"{named} = {word}" for word in schema.get("enum", ()))
    below = {**schema.get("properties", {}), "*": schema.get("additionalProperties"), "[]": schema.get("items")}
    for name, part in below.items():
        if isinstance(part, dict):
            yield from keys(part, path + name if name == "[]" else f"{path}.{name}".removeprefix("."))
    for part in schema.get("anyOf", ()):
        yield from keys(part, path)


# What is found, by the rules' hundreds.


def names(repo: Repo, made: Contract) -> None:
    """LG1xx, and LG212: the source branch need not exist."""
    where = ("--head", "origin/main")
    made.check(repo, "nothing to say", *where)
    known = ("whatever", "Main", "experiment--rankr--x", "experiment--ranker--17", "experiment--ranker--x")
    unsafe = ("feature/a;b", "HEAD", "-x", "refs/heads/refs/heads/main", "a1" * 20, "feature/" + "a" * 200)
    for name in known + unsafe:
        made.check(repo, f"branch {name[:40]}", f"--source={name}", *where)
    repo.branch("research/base").commit("Try", {"try.py": "1\n"})
    repo.branch("feature/based").commit("Tidy up", {"tidy.py": "1\n"})
    repo.push("research/base")
    made.check(repo, "based on research")
    repo.git("push", "--quiet", "--delete", "origin", "research/base")
    repo.git("branch", "--quiet", "-D", "research/base")


def sizes(repo: Repo, made: Contract) -> None:
    """LG4xx."""
    repo.branch("feature/large")
    repo.commit("Many lines", {"a/a.py": "a\n" * 30, "b/b.py": "b\n" * 30})
    repo.commit("Many files", {f"{name}.txt": f"{name}\n" for name in "abcdef"})
    repo.commit("Many bytes", {"model.bin": b"\0" * 4000, "model.py": "1\n"})
    repo.commit("One more", {"more.py": "m\n" * 40})
    made.check(repo, "too large")


def reviews(repo: Repo, made: Contract) -> None:
    """LG2xx by trailers: exact evidence, a self-review, a quorum that is half met."""
    repo.branch("research/x").commit("Try", {"try.py": "".join(BEAMS[:9])}, **by("ada"))
    repo.push("research/x")
    tried = repo.head()
    made.check(repo, "not reviewed")
    repo.commit(reviewed("ada"), {}, **by("ada"))
    made.check(repo, "reviewed by its author")
    repo.commit(reviewed("lin"), {}, **by("lin"))
    made.check(repo, "reviewed by one of two")
    repo.branch("feature/pick", "main").git("cherry-pick", "-x", tried)
    made.check(repo, "cherry-picked")
    repo.push(f"{tried}:refs/heads/feature/same")
    made.check(repo, "cherry-picked, and another branch holds it too")
    repo.push("--delete", "feature/same")
    repo.checkout("research/x").git("reset", "--quiet", "--hard", tried)
    repo.commit("Try more", {"more.py": "".join(BEAMS[9:])}, **by("ada"))
    repo.push("--force", "research/x")
    repo.branch("feature/squash", "main").git("merge", "--quiet", "--squash", "research/x")
    repo.commit("All of it")
    made.check(repo, "squashed")
    repo.branch("feature/taken", "main").git("checkout", "research/x", "--", "try.py")
    repo.commit("Take it", {"own.py": "".join(f"own_{at} = mine({at})\n" for at in range(20))})
    made.check(repo, "taken whole")


def similarity(repo: Repo, made: Contract) -> None:
    """LG202 as a warning and as a hint, and what ``trace`` says of the same."""
    repo.branch("research/beams").commit("Search", {"beams.py": "".join(BEAMS)}, **by("ada"))
    repo.commit("Raise it", {"poetry.lock": "numpy 2\n"})
    repo.push("research/beams")
    for kept in (10, 2):
        edited = [line if at < kept else f"result_{at} = run(step={at})\n" for at, line in enumerate(BEAMS)]
        repo.branch(f"feature/beams-{kept}", "main").commit("Search with beams", {"beams.py": "".join(edited)})
        made.check(repo, f"{kept} lines of 16 alike")
    edit_in_place(repo)
    made.check(repo, "the same place edited")
    repo.branch("feature/lock", "main").commit("Raise it here", {"poetry.lock": "numpy 2\n"})
    made.check(repo, "the same lock file")
    back = {"back.py": "".join(BEAMS[4:12])}
    repo.branch("research/back", "main").commit("Try", back, **by("ada"))
    repo.push("research/back")
    repo.checkout("main").commit("The same, first", back)
    repo.git("rm", "--quiet", "back.py")
    repo.commit("Away")
    repo.push("main")
    repo.branch("feature/back").commit("And back", back)
    traced = (
        "feature/beams-10",
        "feature/beams-2",
        "feature/rate",
        "feature/lock",
        "feature/back",
        "research/beams",
        "main",
    )
    said = made.exits("trace", repo.labgate("trace", "--format", "json", *traced))
    made.add(typed("trace", json.loads(said.out)))
    made.exits("trace of what is not there", repo.labgate("trace", "nowhere"))


def edit_in_place(repo: Repo) -> None:
    """Exchange lines amid a known file, with a line for people to read: by research, and much the same here."""
    known = [f"{name}_rate = schedule_{name}(epoch, warmup={at})\n" for at, name in enumerate(STEPS)]
    repo.checkout("main").commit("Schedule", {"rates.py": "".join(known), "CHANGES.md": "# Changes\n"})
    repo.push("main")
    cosine = [f"{name}_rate = cosine_{name}(epoch, restart={at})\n" for at, name in enumerate(STEPS)]
    news = "# Changes\n\n- Rates follow a cosine with restarts, which trains faster on small corpora.\n"
    changed = "".join(known[:3] + cosine[3:5] + known[5:])
    repo.branch("research/rate").commit("Restart", {"rates.py": changed, "CHANGES.md": news}, **by("ada"))
    repo.push("research/rate")
    files = {"rates.py": f"{changed}# Measured on corpora of ours.\n", "CHANGES.md": f"{news}- Rates are measured.\n"}
    repo.branch("feature/rate", "main").commit("Schedule with restarts", files)


def hooks(repo: Repo, made: Contract) -> None:
    """LG301, and the hooks as git starts them."""
    repo.branch("experiment--housing--wide").commit("Widen", {"loss.py": "1\n"})
    made.check(repo, "experiment without a trailer", "--target", "experiment--housing--wide")
    (repo.path / "message").write_text("Widen more\n", encoding="utf-8")
    stamp = repo.run("labgate-hook", "prepare-commit-msg", "message", status=None)
    made.exits("labgate-hook prepare-commit-msg", stamp)
    trailer = repo.git("interpret-trailers", "--parse", "message")
    made.lines.add(f"trailer {trailer}")
    (repo.path / "message").unlink()
    made.exits("labgate-hook pre-commit, nothing found", repo.run("labgate-hook", "pre-commit", status=None))
    repo.branch("whatever").write({"a.py": "1\n"}).git("add", "a.py")
    made.exits("labgate-hook pre-commit, refused", repo.run("labgate-hook", "pre-commit", status=None))
    one = repo.run("labgate-hook", "pre-commit", "commit-size", status=None)
    made.exits("labgate-hook pre-commit commit-size, nothing found", one)
    for what, head in (("refused", "research/x"), ("nothing found", "main")):
        line = f"refs/heads/{head} {repo.head(head)} refs/heads/main {repo.head('main')}\n"
        command = ("labgate-hook", "pre-push", "--native", "origin", repo.git("remote", "get-url", "origin"))
        made.exits(f"labgate-hook pre-push, {what}", repo.run(*command, status=None, stdin=line))
    made.exits("labgate-hook of no stage", repo.run("labgate-hook", "nonsense", status=None))


def statuses(repo: Repo, made: Contract) -> None:
    found = ("check", "--target", "main", "--head", "research/x")
    made.exits("check --exit-zero, refused", repo.labgate(*found, "--exit-zero"))
    made.exits("check one check, nothing found", repo.labgate("check", "branch-name", *found[1:]))
    made.exits("check of what is not there", repo.labgate("check", "--target", "main", "--head", "nowhere"))
    made.exits("check of what is not there --exit-zero", repo.labgate(*found[:-1], "nowhere", "--exit-zero"))
    made.exits("explain no rule", repo.labgate("explain", "LG000"))
    made.exits("no command", repo.labgate("nonsense"))
    made.exits("ci outside of CI", repo.labgate("ci"))
    made.exits("policy check, nothing wrong", repo.labgate("policy", "check"))
    made.exits("doctor", repo.labgate("doctor"))
    repo.write({"labgate.toml": "version = 9\n"})
    made.exits("policy check, mistakes", repo.labgate("policy", "check"))
    repo.git("checkout", "--quiet", "--", "labgate.toml")
    new = Repo.init(repo.path.parent / "new")
    new.with_remote()
    new.commit("Start", {"a.py": "1\n"})
    new.push("main")
    new.commit("Go on", {"a.py": "2\n"})
    made.check(new, "no policy")
    new.commit("Adopt a policy", {"labgate.toml": POLICY})
    made.check(new, "the first policy")


def others(repo: Repo, made: Contract) -> None:
    """The JSON of the other commands, and the identity of a finding in other formats."""
    made.add(typed("doctor", json.loads(repo.labgate("doctor", "--format", "json").out)))
    index = json.loads(repo.labgate("index", "status", "--format", "json", status=0).out)
    made.add(typed("index", index))
    found = ("check", "--target", "main", "--head", "research/x", "--format")
    (run,) = json.loads(repo.labgate(*found, "sarif", status=1).out)["runs"]
    made.add(typed("sarif", run["results"]))
    (identity,) = run["results"][0]["partialFingerprints"].items()
    made.lines.add(f"sarif fingerprint {' '.join(identity)}")
    made.add(typed("gitlab", json.loads(repo.labgate(*found, "gitlab", status=1).out)))


# What only a code host knows.


def code_host(folder: Path, made: Contract) -> None:
    """LG2xx by approvals of a pull request, and LG211 for a push that CI sees."""
    repo = Repo.init(folder / "lab")
    remote = repo.with_remote()
    repo.commit("Start", {"labgate.toml": FORGE, "README.md": "Models.\n"})
    repo.push("main")
    with FakeHost("acme/lab") as host:
        project = Project(repo, remote, host)
        repo.branch("research/x").commit("Try", {"try.py": "".join(BEAMS)}, **by("ada"))
        project.pull_request(7, "research/x", author="ada")
        approvals(project, made)
        landings(project, made)


def approvals(project: Project, made: Contract) -> None:
    host, repo = project.host, project.repo

    def judge(situation: str) -> None:
        made.report(situation, project.judge(7, "--format", "json"))

    judge("pull request of a stranger")
    adopt(repo, f'{FORGE}[reviews.people.grace]\nemails = ["grace@example.org"]\n')
    repo.checkout("research/x")
    judge("pull request, not approved")
    host.review(7, "ada")
    judge("pull request, approved by its author")
    host.review(7, "lin")
    judge("pull request, approved by one of two")
    host.review(7, "kim", "CHANGES_REQUESTED")
    judge("pull request, objected to")
    repo.commit("More", {"more.py": "1\n"}, **by("ada"))
    project.pull_request(7, "research/x", author="ada")
    judge("pull request, approved before more was pushed")
    host.review(7, "lin", "DISMISSED")
    judge("pull request, approval taken back")


def landings(project: Project, made: Contract) -> None:
    repo, before = project.repo, project.remote.head("main")
    repo.checkout("main").merge("research/x", "Merge pull request #7")
    repo.push("main")
    project.host.merge(7, repo.head())
    after = repo.head()
    made.report("landed without approvals", project.landed(before, "--format", "json"))
    clone = project.clone()
    made.report("audit", clone.labgate("audit", "main", "--since", before, "--offline", "--format", "json"))
    repo.git("push", "--quiet", "--force", "origin", f"{before}:refs/heads/main")
    made.report("taken back", project.landed(after, "--format", "json"))
    repo.push("main~1:refs/heads/release/1")
    made.report("over a tip that is gone", project.landed("c" * 40, "--format", "json", branch="release/1"))
    shallow = project.clone("--depth=1", "--branch=research/x")
    made.check(shallow, "shallow clone")


# The tests.


def pinned() -> set[str]:
    return set(PINNED.read_text(encoding="utf-8").splitlines())


def test_nothing_of_the_contract_is_lost(contract: Contract) -> None:
    lost = sorted(pinned() - contract.lines)
    if lost:
        pytest.fail("\n".join(["lost from the contract:", *lost]), pytrace=False)


def test_the_contract_speaks_of_every_subject() -> None:
    assert {line.partition(" ")[0] for line in pinned()} == set(SUBJECTS)


def test_every_pinned_rule_has_keys_and_a_fingerprint() -> None:
    """A rule that nothing here provokes would have keys that nobody pins."""
    rules = {line.split()[1] for line in pinned() if line.startswith("rule ")}
    assert rules == {line.split()[1] for line in pinned() if line.startswith("data ")}
    assert rules == {line.split()[-2] for line in pinned() if line.startswith("fingerprint ")}
