"""Recognise the CI system by its variables, and read the change that its job runs for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from labgate.ci.azure import azure
from labgate.ci.bitbucket import bitbucket
from labgate.ci.buildkite import buildkite
from labgate.ci.circleci import circleci
from labgate.ci.context import Context
from labgate.ci.github import actions
from labgate.ci.gitlab import gitlab
from labgate.ci.inputs import CHECK, EVENT_FILE, Input, Job
from labgate.ci.jenkins import jenkins
from labgate.values.errors import UndecidedError
from labgate.values.files import read_bounded
from labgate.values.value import Value

#: Largest event file in bytes; GitHub sends at most 25 MB (docs.github.com, "Webhook events and payloads").
MOST_EVENT = 2**25


class System(Value):
    """A CI system: its ``name``, the variables that mark its jobs (one is enough), and the reader of its jobs.

    With ``flag`` a mark must be ``true``, else it only has to be set. ``has_event``: there is an event file.
    """

    name: str
    marks: tuple[str, ...]
    read: Callable[[Job], Context]
    flag: bool = True
    has_event: bool = False


#: In the order in which they are tried: Gitea and Forgejo also set GITHUB_ACTIONS, and agents of any system may run on
#: a machine where JENKINS_URL is set.
SYSTEMS = (
    System("gitea", ("GITEA_ACTIONS", "FORGEJO_ACTIONS"), actions, has_event=True),
    System("github", ("GITHUB_ACTIONS",), actions, has_event=True),
    System("gitlab", ("GITLAB_CI",), gitlab),
    System("azure", ("TF_BUILD",), azure),
    System("bitbucket", ("BITBUCKET_BUILD_NUMBER",), bitbucket, flag=False),
    System("buildkite", ("BUILDKITE",), buildkite),
    System("circleci", ("CIRCLECI",), circleci),
    System("jenkins", ("JENKINS_URL",), jenkins, flag=False),
)


def event_text(path: str) -> str:
    """Return the text of an event file. Raises: ``OSError`` (also if it is too large), ``ValueError``."""
    return read_bounded(path, MOST_EVENT).decode("utf-8")


def read_context(environ: Mapping[str, str], read_text: Callable[[str], str] = event_text) -> Context:
    """Return the context of the CI job that this process runs in.

    ``read_text`` returns the text of the file at a path, which is only asked for the event file. Raises:
    ``UndecidedError`` when no CI system is known by its variables, where the job is for something else than a change
    to a branch (a tag, a deletion, a schedule), and where a variable or the event file is missing or malformed.
    """
    for system in SYSTEMS:
        for mark in system.marks:
            value = environ.get(mark, "")
            if value.lower() == "true" or (value and not system.flag):
                event = _read_event(environ, read_text) if system.has_event else {}
                return system.read(Job(Input(system.name, mark), environ, event))
    message = f"no CI system is recognised by its variables; tried {', '.join(system.name for system in SYSTEMS)}"
    raise UndecidedError(message, CHECK)


def _read_event(environ: Mapping[str, str], read_text: Callable[[str], str]) -> Mapping[str, object]:
    path = environ.get(EVENT_FILE, "")
    if not path:
        message = f"{EVENT_FILE} is not set; it names the file with the event of the job"
        raise UndecidedError(message, CHECK)
    help = f"mount the file in the container or step that runs labgate, or: {CHECK}"
    try:
        text = read_text(path)
    # A path with a null byte and a file that is not UTF-8 raise ValueError.
    except (OSError, ValueError) as error:
        message = f"{EVENT_FILE}: {path!r} cannot be read ({type(error).__name__})"
        raise UndecidedError(message, help) from error
    try:
        event = json.loads(text)
    # Deep nesting raises RecursionError.
    except (ValueError, RecursionError) as error:
        message = f"{EVENT_FILE}: {path!r} is not JSON"
        raise UndecidedError(message, help) from error
    if not isinstance(event, dict):
        message = f"{EVENT_FILE}: {path!r} is not a JSON object"
        raise UndecidedError(message, help)
    return event
