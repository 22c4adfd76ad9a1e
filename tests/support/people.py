"""The people of the tests' policies, as commits and review markers name them."""

from __future__ import annotations

from support.repo import Repo

EMAILS = {"ada": "ada@example.org", "lin": "lin@example.org", "kim": "kim@example.org", "max": "max@example.org"}


def by(person: str, email: str | None = None) -> dict[str, str]:
    """Return the environment in which a person is the author of a commit."""
    return {"GIT_AUTHOR_NAME": person.title(), "GIT_AUTHOR_EMAIL": email or EMAILS[person]}


def reviewed(*people: str, subject: str = "Review") -> str:
    """Return the message of a commit that these people's reviews stand in."""
    return f"{subject}\n\n" + "\n".join(f"Reviewed-by: {person.title()} <{EMAILS[person]}>" for person in people)


def adopt(repo: Repo, policy: str) -> None:
    """Put a policy on the remote's trunk, and stay on it."""
    repo.checkout("main").commit("Change the policy", {"labgate.toml": policy})
    repo.push("main")
