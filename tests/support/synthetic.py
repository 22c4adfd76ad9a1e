"""A synthetic project with pull requests and their landings on ``main``: the same commits whenever it is made.

``tests/data/synthetic.bundle`` is the project, and ``synthetic.json`` says which commit of ``main`` came from which
pull request, in the format of the labels that the benchmarks read. ``PYTHONPATH=tests python -m support.synthetic``
writes both anew.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import edits
from support.codewriter import Codewriter
from support.data import ROOT
from support.hosted import BUTTON
from support.repo import Repo

Steps = Sequence[tuple[str, Sequence[str]]]

BUNDLE = ROOT / "tests" / "data" / "synthetic.bundle"
LABELS = ROOT / "tests" / "data" / "synthetic.json"

#: When the project was begun, in seconds since 1970: before any commit that a test makes on top of it (``env.START``).
BEGUN = 1_690_000_000
#: Files are called as in instructlab/sdg, of which some tests need the real history (``data.bundle``).
PACKAGE = "src/instructlab/sdg"
MODULES = ("block", "filterblock", "llmblock", "iterblock", "utilblocks", "pipeline", "default_flows", "generate_data")
SCRIPTS = tuple(f"scripts/{name}.py" for name in ("test_freeform_skills", "test_grounded_skills", "test_knowledge"))
README = """\
# sdg

A synthetic project:

- its code is generated, and runs nowhere;
- its pull requests are by several authors;
- some landed on main as a whole, some in part;
- the names are nobody's.
"""

#: What happened to ``main``, in order: how a change landed, and the number of its pull request. ``open`` opens one that
#: never lands as a whole, ``part`` and ``file`` take from an open one, and ``honest`` is work without a pull request.
HISTORY = (
    ("merge", 31),
    ("squash", 34),
    ("honest", 35),
    ("rebase", 36),
    ("pick", 38),
    ("merge", 42),
    ("squash", 45),
    ("honest", 46),
    ("rebase", 47),
    ("merge", 53),
    ("open", 72),
    ("squash", 57),
    ("honest", 60),
    ("merge", 64),
    ("part", 72),
    ("rebase", 66),
    ("pick", 69),
    ("honest", 75),
    ("squash", 74),
    ("file", 72),
    ("merge", 81),
    ("honest", 82),
    ("squash", 83),
    ("rebase", 85),
    ("merge", 86),
    ("honest", 88),
)
#: The commits of the open pull request, which is the research branch of many tests: subjects, and files that they edit.
_FLOWS, _FILTER, _PIPELINE = (f"{PACKAGE}/{name}.py" for name in ("default_flows", "filterblock", "pipeline"))
RESEARCH: Steps = (
    ("Let the filter name the values that it keeps", (_FLOWS, _FILTER)),
    ("Log what a pipeline drops", (_PIPELINE,)),
    ("Keep grounded answers by default", (_FLOWS,)),
    ("Import the flows in the scripts", SCRIPTS),
    ("Shorten the filter", (_FILTER,)),
    ("Skip rows that hold no number", (_FILTER, _PIPELINE)),
    ("Leave out an import", SCRIPTS),
    ("Tidy the filter and the scripts", (_FILTER, *SCRIPTS)),
)
#: Who opens pull requests, none of whom any policy of the tests lists. The first maintains the project.
AUTHORS = ("Noor", "Ivo", "Mika", "Sena", "Tove")


@dataclass(frozen=True)
class Pull:
    """A pull request: where it was cut from ``main``, its tip (oids), its author's number and the file it edits."""

    number: int
    base: str
    tip: str
    author: int
    path: str


@dataclass
class Project:
    """The project while it is made. ``positive`` and ``negative`` are commits of ``main``, as in the labels."""

    repo: Repo
    pulls: dict[int, Pull] = field(default_factory=dict)
    positive: dict[str, int] = field(default_factory=dict)
    negative: list[str] = field(default_factory=list)

    def labels(self) -> dict[str, Any]:
        """Return what is known of the project, in the format of the benchmarks' labels."""
        ranges = [[pull.number, pull.base, pull.tip] for _, pull in sorted(self.pulls.items())]
        known = {"positive": self.positive, "negative": self.negative}
        return {"name": "synthetic", "main": self.repo.head("main"), "indexed": {"full": ranges}, **known}

    def commit(self, subject: str, files: Mapping[str, str], author: int, **env: str) -> str:
        """Commit files as one of the authors, who also commits unless ``env`` names somebody else; return the oid."""
        return self.repo.commit(subject, files, **(_named("AUTHOR", author) | _named("COMMITTER", author) | env))

    def read(self, path: str) -> str:
        return (self.repo.path / path).read_text(encoding="utf-8")

    def edited(self, seed: str, path: str, place: int) -> str:
        """Return a module with a new function behind its function number ``place``, in which statements are new too.

        Where ``place`` is odd they stand in the place of one that was there.
        """
        author, text = Codewriter(seed), self.read(path)
        names = [name for name in edits.functions(text) if f"\ndef {name}(" in text]
        name = names[place % len(names)]
        put = edits.replace if place % 2 else edits.insert
        return edits.append(put(text, name, 2, author.statements(3)), author.function(), behind=name)


def make(folder: Path) -> Project:
    """Make the project in a new repository below a folder."""
    project = Project(Repo.init(folder / "synthetic"))
    project.repo.clock = BEGUN
    files = {f"{PACKAGE}/{name}.py": Codewriter(name).module(5) for name in MODULES}
    files |= {path: Codewriter(path).module(2) for path in SCRIPTS}
    project.commit("Start the project", {"README.md": README, f"{PACKAGE}/__init__.py": "", **files}, 0)
    for place, (way, number) in enumerate(HISTORY):
        if way == "honest":
            _work_on_main(project, number)
        elif way == "open":
            _open(project, number, "main", RESEARCH, _FILTER)
        elif way in TAKEN:
            TAKEN[way](project, project.pulls[number])
        else:
            path = f"{PACKAGE}/{MODULES[place % len(MODULES)]}.py"
            # Cut up to two landings ago: main has moved on beside it.
            pull = _open(project, number, f"main~{min(place, number % 3)}", _steps(number, path), path)
            LANDED[way](project, pull)
    return project


def write(project: Project, bundle: Path, labels: Path) -> None:
    """Write a project's refs as a git bundle, and its labels."""
    project.repo.git("bundle", "create", "--quiet", str(bundle), "refs/heads/main", *pull_refs(project.repo))
    labels.write_text(json.dumps(project.labels(), indent=1) + "\n", encoding="utf-8")


def pull_refs(repo: Repo) -> list[str]:
    """Return the refs of all pull requests of a repository."""
    return repo.git("for-each-ref", "--format=%(refname)", "refs/pull").split()


def base_of(number: int) -> str:
    """Return the commit of ``main`` that a pull request of the committed project was cut from."""
    ranges = json.loads(LABELS.read_text(encoding="utf-8"))["indexed"]["full"]
    (base,) = (base for known, base, _ in ranges if known == number)
    assert isinstance(base, str)
    return base


def _named(role: str, author: int) -> dict[str, str]:
    """Return the environment in which one of the authors is the AUTHOR or the COMMITTER of a commit."""
    name = AUTHORS[author]
    return {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": f"{name.lower()}@example.net"}


def _work_on_main(project: Project, number: int) -> None:
    path = f"{PACKAGE}/{MODULES[number % len(MODULES)]}.py"
    project.repo.checkout("main")
    text = project.edited(f"honest {number}", path, number)
    files = {path: text, f"tests/test_honest_{number}.py": Codewriter(f"honest test {number}").module(1)}
    oid = project.commit(f"Handle more in {Path(path).stem}", files, 0)
    project.negative.append(oid)


def _open(project: Project, number: int, start: str, steps: Steps, path: str) -> Pull:
    """Open a pull request that is cut from ``start``, and return it."""
    base = project.repo.head(start)
    project.repo.git("checkout", "--quiet", "--detach", base)
    author = 1 + number % (len(AUTHORS) - 1)
    for step, (subject, paths) in enumerate(steps):
        project.commit(subject, _files(project, number, step, paths), author)
    project.repo.git("update-ref", f"refs/pull/{number}/head", "HEAD")
    project.pulls[number] = Pull(number, base, project.repo.head(), author, path)
    return project.pulls[number]


def _steps(number: int, path: str) -> Steps:
    """Return subjects and files of the commits of a pull request: two or three, the second one a test."""
    name = Path(path).stem
    steps = ((f"Weigh more in {name}", (path,)), (f"Test {name} again", (f"tests/test_{name}_{number}.py",)))
    return steps if number % 2 else (*steps, (f"Bound what {name} takes", (path,)))


def _files(project: Project, number: int, step: int, paths: Sequence[str]) -> dict[str, str]:
    """Return the files of one commit of a pull request: a new module, or one that was edited."""
    seed = f"pull {number} {step}"
    return {
        path: project.edited(f"{seed} {path}", path, number + step)
        if (project.repo.path / path).is_file()
        else Codewriter(f"{seed} {path}").module(2)
        for path in paths
    }


def _merge(project: Project, pull: Pull) -> None:
    subject = f"Merge pull request #{pull.number} from {AUTHORS[pull.author].lower()}/work-{pull.number}"
    project.repo.checkout("main").merge(pull.tip, subject, **_named("AUTHOR", 0), **BUTTON)
    project.positive[project.repo.head()] = pull.number


def _squash(project: Project, pull: Pull) -> None:
    project.repo.checkout("main").git("merge", "--quiet", "--squash", pull.tip)
    subject = project.repo.git("show", "-s", "--format=%s", f"{pull.base}..{pull.tip}").splitlines()[-1]
    project.positive[project.commit(f"{subject} (#{pull.number})", {}, pull.author, **BUTTON)] = pull.number


def _rebase(project: Project, pull: Pull) -> None:
    _pick(project, pull, f"{pull.base}..{pull.tip}", **BUTTON)


def _pick_first(project: Project, pull: Pull) -> None:
    first = project.repo.git("rev-list", "--reverse", f"{pull.base}..{pull.tip}").split()[0]
    _pick(project, pull, "-x", first, **_named("COMMITTER", 0))


def _pick(project: Project, pull: Pull, *what: str, **env: str) -> None:
    before = project.repo.checkout("main").head()
    project.repo.clock += 60
    project.repo.git("cherry-pick", *what, **env)
    landed = project.repo.git("rev-list", "--reverse", f"{before}..main").split()
    project.positive.update(dict.fromkeys(landed, pull.number))


def _take_function(project: Project, pull: Pull) -> None:
    """Land one of the functions that an open pull request adds, among work of the maintainer's own."""
    project.repo.checkout("main")
    theirs = project.repo.git("show", f"{pull.tip}:{pull.path}") + "\n"
    taken = next(name for name in edits.functions(theirs) if name not in edits.functions(project.read(pull.path)))
    text = edits.append(project.edited(f"part of {pull.number}", pull.path, 0), edits.source_of(theirs, taken))
    oid = project.commit(f"Add {taken}", {pull.path: text}, 0)
    project.positive[oid] = pull.number


def _take_file(project: Project, pull: Pull) -> None:
    """Land one file of an open pull request as it stands there."""
    project.repo.checkout("main").git("checkout", pull.tip, "--", SCRIPTS[0])
    oid = project.commit(f"Import the flows in {SCRIPTS[0]}", {}, 0)
    project.positive[oid] = pull.number


LANDED: Mapping[str, Callable[[Project, Pull], None]] = {
    "merge": _merge,
    "squash": _squash,
    "rebase": _rebase,
    "pick": _pick_first,
}
TAKEN: Mapping[str, Callable[[Project, Pull], None]] = {"part": _take_function, "file": _take_file}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        write(make(Path(scratch)), BUNDLE, LABELS)
