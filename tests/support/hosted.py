"""A project on a code host with CI: a bare remote, the host's REST API, pull requests, and jobs in fresh clones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from support.forge import FakeHost
from support.repo import Repo, Result

#: Who landed something by the host's own button.
BUTTON = {"GIT_COMMITTER_NAME": "GitHub", "GIT_COMMITTER_EMAIL": "noreply@github.com"}
ZERO = "0" * 40


@dataclass
class Project:
    """``repo`` is somebody's clone, ``remote`` what it pushes to, ``host`` what answers for its pull requests."""

    repo: Repo
    remote: Repo
    host: FakeHost
    jobs: int = field(default=0)

    def pull_request(
        self, number: int, branch: str, *, author: str, target: str = "main", fork: str | None = None
    ) -> str:
        """Open a pull request for a branch, or push it anew; return its head."""
        head = self.repo.head(branch)
        if fork is None:
            self.repo.git("push", "--quiet", "--force", "--no-verify", "origin", f"{branch}:refs/heads/{branch}")
        self.repo.git("push", "--quiet", "--force", "--no-verify", "origin", f"{branch}:refs/pull/{number}/head")
        if number in self.host.changes:
            self.host.push(number, head)
        else:
            change = self.host.open(number, author=author, head=head, target=target)
            change.source, change.fork = branch, fork
        return head

    def clone(self, *options: str) -> Repo:
        """Return the clone of a new job."""
        self.jobs += 1
        path = self.repo.path.parent / f"job-{self.jobs}"
        self.repo.git("clone", "--quiet", "--no-tags", *options, f"file://{self.remote.path}", str(path))
        clone = Repo(path, dict(self.repo.env))
        clone.clock = self.repo.clock
        return clone

    def job(self, name: str, event: dict[str, object], *args: str, depth: int | None = 1, **env: str) -> Result:
        """Run ``labgate ci`` as a step of GitHub Actions does, for an event."""
        clone = self.clone(*(() if depth is None else (f"--depth={depth}",)))
        return self.run_job(clone, name, event, *args, **env)

    def run_job(self, clone: Repo, name: str, event: dict[str, object], *args: str, **env: str) -> Result:
        file = clone.path.parent / f"{clone.path.name}.json"
        file.write_text(json.dumps(event), encoding="utf-8")
        return clone.labgate("ci", "--format", "text", *args, status=None, **(self.environ(name, file) | env))

    def environ(self, name: str, file: Path) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(file),
            "GITHUB_REPOSITORY": self.host.name,
            "GITHUB_SERVER_URL": f"http://{self.host.address}",
            "GITHUB_API_URL": self.host.url("github"),
            "GITHUB_ACTOR": "somebody",
            "GITHUB_SHA": self.remote.head("main"),
            "GITHUB_REF": "refs/heads/main",
        }

    def judge(self, number: int, *args: str, **env: str) -> Result:
        """Run the job of a pull request."""
        return self.job("pull_request", self.opened(number), *args, depth=1, **env)

    def opened(self, number: int) -> dict[str, object]:
        change = self.host.changes[number]
        before = {"before": change.pushes[-2][0], "after": change.head} if len(change.pushes) > 1 else {}
        name = change.fork or self.host.name
        repository = {"full_name": name, "clone_url": f"http://{self.host.address}/{name}.git"}
        own = {"full_name": self.host.name, "clone_url": f"http://{self.host.address}/{self.host.name}.git"}
        return {
            "action": "synchronize",
            **before,
            "number": number,
            "repository": own,
            "pull_request": {
                "number": number,
                "state": "open",
                "head": {"ref": change.source, "sha": change.head, "repo": repository},
                "base": {"ref": change.target, "sha": self.remote.head(change.target), "repo": own},
            },
        }

    def queued(self, number: int, head: str, before: str) -> Result:
        """Run the job of a merge queue that is about to move main from ``before`` to ``head``."""
        queue = f"refs/heads/gh-readonly-queue/main/pr-{number}-{before}"
        self.repo.git("push", "--quiet", "--no-verify", "origin", f"{head}:{queue}")
        own = {"full_name": self.host.name, "html_url": f"http://{self.host.address}/{self.host.name}"}
        group = {"head_ref": queue, "head_sha": head, "base_ref": "refs/heads/main", "base_sha": before}
        event: dict[str, object] = {"action": "checks_requested", "merge_group": group, "repository": own}
        said = self.job("merge_group", event, GITHUB_REF=queue, GITHUB_SHA=head)
        self.remote.git("update-ref", "-d", queue)
        return said

    def audited(self, where: Repo) -> Result:
        """Audit main in a clone whose remote has a name on the host, but is a folder."""
        url = f"http://{self.host.address}/{self.host.name}.git"
        where.git("remote", "set-url", "origin", url)
        where.git("config", f"url.{self.remote.path}.insteadOf", url)
        return where.labgate("audit", "main", LABGATE_FORGE=f"github {self.host.url('github')}")

    def landed(self, before: str, *args: str, branch: str = "main", **env: str) -> Result:
        """Run the job of a push to a branch, which stood at ``before``."""
        after = self.remote.head(branch)
        event: dict[str, object] = {
            "ref": f"refs/heads/{branch}",
            "before": before,
            "after": after,
            "created": before == ZERO,
            "deleted": False,
            "forced": False,
            "repository": {"full_name": self.host.name},
        }
        return self.job("push", event, *args, depth=1, GITHUB_REF=f"refs/heads/{branch}", GITHUB_SHA=after, **env)
