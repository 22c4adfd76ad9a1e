"""Recorded environments of eight CI systems: each gives the right context, or the reason why there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labgate.ci.context import CHANGE, LANDED, QUEUE, Context
from labgate.ci.inputs import Input, full_name, is_oid, short_name
from labgate.ci.systems import SYSTEMS, read_context
from labgate.values.errors import UndecidedError
from support.thorough import tried

FOLDER = Path(__file__).parent / "environments"
RECORDED: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
ACCEPTED = [name for name, recorded in RECORDED.items() if "expected" in recorded]
REFUSED = [name for name, recorded in RECORDED.items() if "error" in recorded]
#: What hosts and Jenkins make of a change and its target, in every recording where they do.
MERGE = RECORDED["gitlab-merged-results"]["environ"]["CI_COMMIT_SHA"]

#: What a context has where a recording expects nothing else.
NOTHING: dict[str, Any] = {
    "base": None,
    "created": False,
    "source": None,
    "source_repository": None,
    "repository": None,
    "change": None,
    "pusher": None,
    "former": None,
    "head_refs": [],
    "api": None,
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
#: What a hostile or careless hand puts into a variable, beside any text at all.
ODD = st.sampled_from(
    [
        *("", "0" * 40, "a" * 39, "A" * 40, "f" * 64, "HEAD", "@", "-f", "refs/heads/main", "refs/tags/v1"),
        *("a..b", "x\ny", "\x1b[31m", "ma\udcffin", "7", "-7", "٣", "9" * 5000, "true", "false"),
        *("https://", "git@host:", "https://u:secret-p@h/a/b", "file:///srv/models", "/srv/models", "[", "://:@//"),
    ]
)


def event_reader(event: object) -> Callable[[str], str]:
    """Return a reader of an event file; systems without one must not ask for it."""

    def read(path: str) -> str:
        assert event is not None, f"{path} was read by a system that has no event file"
        return json.dumps(event)

    return read


def read_recorded(name: str) -> Context:
    recorded = RECORDED[name]
    return read_context(recorded["environ"], event_reader(recorded["event"]))


def refusal(environ: dict[str, str], read: Callable[[str], str]) -> UndecidedError:
    with pytest.raises(UndecidedError) as caught:
        read_context(environ, read)
    return caught.value


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_recorded_environment_gives_its_context(name: str) -> None:
    found = read_recorded(name).as_dict()
    origins = found.pop("origins")
    expected = NOTHING | RECORDED[name]["expected"]
    named = expected.pop("origins", {})
    assert found | {"head_refs": list(found["head_refs"])} == expected
    assert {member: origins[member] for member in named} == named


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_member_that_is_set_has_an_origin_and_no_other(name: str) -> None:
    context = read_recorded(name)
    members = context.as_dict()
    del members["origins"]
    assert set(context.origins) == {member for member, value in members.items() if value not in {None, False, ()}}
    for origin in context.origins.values():
        variable, _, _ = origin.partition(": ")
        assert set(variable.split(", ")) <= RECORDED[name]["environ"].keys()


@pytest.mark.parametrize("name", REFUSED)
def test_a_recorded_environment_without_a_change_is_refused(name: str) -> None:
    recorded = RECORDED[name]
    error = refusal(recorded["environ"], event_reader(recorded["event"]))
    assert error.message.startswith(recorded["error"])
    assert "\n" not in error.message
    assert error.help


@pytest.mark.parametrize("system", [system.name for system in SYSTEMS])
def test_a_system_has_a_change_a_push_and_a_refusal_on_record(system: str) -> None:
    own = [name for name in RECORDED if name.startswith(f"{system}-")]
    events = {RECORDED[name]["expected"]["event"] for name in own if name in ACCEPTED}
    assert {CHANGE, LANDED} <= events <= {CHANGE, QUEUE, LANDED}
    assert len(own) >= 3
    assert set(own) & set(REFUSED)


@pytest.mark.parametrize("name", [name for name in ACCEPTED if MERGE in RECORDED[name]["environ"].values()])
def test_the_merge_that_a_host_made_to_test_a_change_is_not_judged(name: str) -> None:
    context = read_recorded(name)
    assert MERGE not in {context.head, context.base}


def test_gitea_is_not_taken_for_github_whose_variables_it_sets() -> None:
    environ = RECORDED["gitea-push"]["environ"]
    assert environ["GITHUB_ACTIONS"] == "true"
    assert read_recorded("gitea-push").system == "gitea"


def test_an_agent_on_a_jenkins_machine_is_not_taken_for_jenkins() -> None:
    recorded = RECORDED["buildkite-push"]
    environ = recorded["environ"] | {"JENKINS_URL": "https://ci.example.org/"}
    assert read_context(environ, event_reader(None)).system == "buildkite"


def test_the_stale_diff_base_of_gitlab_is_no_base() -> None:
    name = "gitlab-merge-request-retargeted"
    assert RECORDED[name]["environ"]["CI_MERGE_REQUEST_DIFF_BASE_SHA"]
    assert read_recorded(name).base is None


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "", "is not set"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "-rf", "is not a branch name"),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "a\x1b[2J", "is not a branch name"),
        ("CI_COMMIT_SHA", "0" * 40, "is git's null oid"),
        ("CI_COMMIT_SHA", "0123456", "is not a full commit id"),
        ("CI_MERGE_REQUEST_IID", "seven", "is not the number"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_URL", "https://gitlab.com/", "is not the URL of a repository"),
        ("CI_API_V4_URL", "ftp://gitlab.com", "is not the URL of a REST API"),
    ],
)
def test_a_variable_that_is_missing_or_malformed_is_named(variable: str, value: str, words: str) -> None:
    environ = RECORDED["gitlab-merge-request"]["environ"] | {variable: value}
    error = refusal(environ, event_reader(None))
    assert error.message.startswith(variable)
    assert words in error.message


def test_a_password_in_a_url_is_not_shown() -> None:
    environ = RECORDED["jenkins-branch"]["environ"]
    good = environ | {"GIT_URL": "https://robot:s3cret@github.com/acme/models.git"}
    assert read_context(good, event_reader(None)).repository == "github.com/acme/models"
    error = refusal(environ | {"GIT_URL": "https://robot:s3/cret@github.com/acme/models.git"}, event_reader(None))
    assert "cret" not in error.message + str(error.help)


def failing(error: Exception) -> Callable[[str], str]:
    def read(_: str) -> str:
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "words"),
    [
        pytest.param(failing(FileNotFoundError()), "cannot be read (FileNotFoundError)", id="a file that is not there"),
        pytest.param(failing(ValueError("embedded null byte")), "cannot be read", id="a path that is none"),
        pytest.param(lambda _: b"\xff".decode(), "cannot be read (UnicodeDecodeError)", id="a file that is no UTF-8"),
        pytest.param(lambda _: "", "is not JSON", id="an empty file"),
        pytest.param(lambda _: '{"ref":', "is not JSON", id="a file that was cut off"),
        pytest.param(lambda _: '{"a":' * 100_000, "is not JSON", id="a file that nests too deep"),
        pytest.param(lambda _: "[]", "is not a JSON object", id="a list"),
        pytest.param(lambda _: "{}", "the event has no ref", id="an event that says nothing"),
        pytest.param(lambda _: '{"ref": ["x"]}', "ref is neither a string nor", id="a member of another type"),
    ],
)
def test_an_event_file_that_cannot_be_used_is_named(read: Callable[[str], str], words: str) -> None:
    error = refusal(RECORDED["github-push"]["environ"], read)
    assert error.message.startswith("GITHUB_EVENT_PATH")
    assert words in error.message


def test_an_event_file_that_is_not_named_is_asked_for() -> None:
    environ = {name: value for name, value in RECORDED["github-push"]["environ"].items() if name != "GITHUB_EVENT_PATH"}
    assert refusal(environ, event_reader(None)).message.startswith("GITHUB_EVENT_PATH is not set")


def members(event: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the paths of all members of an event."""
    if not isinstance(event, dict):
        return [path]
    return [*([path] if path else []), *(inner for key in event for inner in members(event[key], (*path, key)))]


def replaced(event: Any, path: tuple[str, ...], value: object) -> Any:
    return {**event, path[0]: replaced(event[path[0]], path[1:], value)} if path else value


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[dict[str, str], Any]:
    """Draw a recorded job with variables taken away, mixed in from another system or changed, and an event likewise."""
    recorded = RECORDED[draw(st.sampled_from(sorted(RECORDED)))]
    other = RECORDED[draw(st.sampled_from(sorted(RECORDED)))]["environ"]
    environ = dict(recorded["environ"])
    for name in draw(st.lists(st.sampled_from(sorted(environ)), max_size=3)):
        environ.pop(name, None)
    mixed = draw(st.lists(st.sampled_from(sorted(other)), max_size=3))
    environ |= {name: other[name] for name in mixed}
    names = [*environ, "LABGATE_TARGET", "LABGATE_BASE", "LABGATE_HEAD"]
    environ |= draw(st.dictionaries(st.sampled_from(names), ODD | st.text(), max_size=3))
    event = recorded["event"] or {}
    if event and draw(st.booleans()):
        event = replaced(event, draw(st.sampled_from(members(event))), draw(ODD | JSON))
    return environ, event


@pytest.mark.slow
@settings(max_examples=tried(400, 1500), deadline=None)
@given(spoilt())
def test_a_spoilt_environment_gives_a_sound_context_or_a_reason(job: tuple[dict[str, str], Any]) -> None:
    environ, event = job
    reason = None
    try:
        found = read_context(environ, lambda _: json.dumps(event))
    except UndecidedError as error:
        reason = error
    if reason is not None:
        assert reason.help
        assert len(reason.message.splitlines()) == 1
        return
    assert found.event in {CHANGE, QUEUE, LANDED}
    assert is_oid(Input(found.head, "head"))
    assert found.base is None or is_oid(Input(found.base, "base"))
    assert found.base is None or not found.created
    full_name(Input(found.target, "target"))
    if found.source is not None:
        short_name(Input(found.source, "source"))
    for ref in found.head_refs:
        assert ref.startswith("refs/")
        # What is read from the environment goes to git as an argument, so it has to be bytes.
        ref.encode("utf-8", "surrogateescape")
    assert found.event == LANDED or not found.created
