"""The whole history of instructlab/sdg as if its team had had a policy from the first commit on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from support.data import bundle
from support.repo import Repo
from support.rewriting import with_policy
from support.sdg import LIMITS, POLICY

RESEARCH = "refs/remotes/origin/research/pr-72"
TRUNK = "refs/remotes/origin/main"
#: Where pull request 72 of instructlab/sdg was cut from.
BASE = "27883849f403ae4f6bad63dadf70c8e3cf0fce82"


@dataclass(frozen=True)
class Landing:
    """What landed on ``main`` at once: its tip ``before`` and ``after``. ``number`` counts from 1, in order."""

    number: int
    before: str
    after: str


class Landings:
    """A repository in which ``origin/main`` can stand wherever it once stood.

    ``research/pr-72`` is there from the landing on that it was cut from; any earlier it would hold what was only to
    become ``main``.
    """

    def __init__(self, folder: Path) -> None:
        self.repo = Repo.init(folder / "landings")
        self.repo.git("remote", "add", "origin", str(folder / "nowhere.git"))
        refs = ("+refs/heads/main:refs/old/main", "+refs/pull/72/head:refs/old/pr-72")
        self.repo.git("fetch", "--quiet", "--no-tags", str(bundle("sdg.bundle")), *refs)
        new = with_policy(self.repo, ("refs/old/main", "refs/old/pr-72"), POLICY + LIMITS)
        chain = self.repo.git("rev-list", "--first-parent", "--reverse", new[self.repo.head("refs/old/main")]).split()
        self.all = tuple(Landing(number, *pair) for number, pair in enumerate(pairwise(chain), 1))
        self._research = new[self.repo.head("refs/old/pr-72")]
        self.cut = chain.index(new[BASE])

    def stand_before(self, landing: Landing) -> tuple[str, ...]:
        """Put the remote-tracking refs where they stood; return the arguments that ask for the next landing."""
        # Time runs backwards here: what labgate saw of later days has not happened yet.
        for name in ("ledger", "ledger-others"):
            (self.repo.path / ".git" / "labgate" / name).unlink(missing_ok=True)
        self.repo.git("update-ref", TRUNK, landing.before)
        if landing.number > self.cut:
            self.repo.git("update-ref", RESEARCH, self._research)
        else:
            self.repo.git("update-ref", "-d", RESEARCH)
        return ("check", "--target", "main", "--head", landing.after, "--format", "json")
