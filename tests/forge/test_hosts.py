"""What each kind of host says about a change, and which change a commit came with."""

from __future__ import annotations

import pytest

from labgate.forge import KINDS, connect
from labgate.forge.values import CLOSED, MERGED, OPEN, Change, Forge
from labgate.values.approval import APPROVED, CHANGES_REQUESTED, DISMISSED, Approval
from support.forge import FakeHost
from support.forge_shapes import FakeReview
from support.waiting import TOKEN, Clock, refused

FIRST, SECOND, THIRD, LANDED, BELOW = ("1" * 40, "2" * 40, "3" * 40, "d" * 40, "c" * 40)

every_kind = pytest.mark.parametrize("kind", KINDS)


def forge(host: FakeHost, kind: str, **environ: str) -> Forge:
    return connect(kind, host.url(kind), host.repository(), environ, Clock().patience())


def words(change: Change) -> dict[str, tuple[str, str | None]]:
    return {word.login: (word.state, word.commit) for word in change.approvals}


@every_kind
def test_an_open_change_is_read_as_it_stands(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST, target="release/2")
    change = forge(host, kind).change(7)
    assert (change.number, change.state, change.author, change.target) == (7, OPEN, "ada-l", "release/2")
    assert (change.head, change.merged_as, change.approvals) == (FIRST, None, ())
    assert change.url is not None
    assert change.url.endswith("/7")


@every_kind
def test_a_closed_change_is_not_a_merged_one(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST).state = "closed"
    change = forge(host, kind).change(7)
    assert (change.state, change.merged_as) == (CLOSED, None)


@every_kind
def test_an_approval_is_bound_to_the_head_that_it_was_given_on(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")
    host.push(7, SECOND)
    host.review(7, "kim")
    host.push(7, THIRD)
    assert words(forge(host, kind).change(7)) == {"lin-k": (APPROVED, FIRST), "kim": (APPROVED, SECOND)}


@every_kind
def test_the_time_is_as_the_host_has_it(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")
    assert forge(host, kind).change(7).approvals == (Approval("lin-k", APPROVED, FIRST, "2026-02-01T00:02:00.000Z"),)


@every_kind
@pytest.mark.parametrize(
    ("states", "standing"),
    [
        (["APPROVED", "CHANGES_REQUESTED"], CHANGES_REQUESTED),
        (["CHANGES_REQUESTED", "APPROVED"], APPROVED),
        (["APPROVED", "COMMENTED"], APPROVED),
        (["CHANGES_REQUESTED", "COMMENTED"], CHANGES_REQUESTED),
        (["CHANGES_REQUESTED", "PENDING"], CHANGES_REQUESTED),
        (["APPROVED", "DISMISSED"], DISMISSED),
        (["DISMISSED", "APPROVED"], APPROVED),
        (["COMMENTED"], None),
        (["PENDING"], None),
    ],
    ids=lambda value: " then ".join(value) if isinstance(value, list) else f"stands as {value}",
)
def test_the_last_word_of_a_person_stands(host: FakeHost, kind: str, states: list[str], standing: str | None) -> None:
    host.open(7, author="ada-l", head=FIRST)
    for state in states:
        host.review(7, "lin-k", state)
    assert [word.state for word in forge(host, kind).change(7).approvals] == ([standing] if standing else [])


@every_kind
def test_one_person_stands_once_however_the_login_is_written(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "Lin-K")
    host.changes[7].reviews.append(FakeReview("lin-k", "CHANGES_REQUESTED", FIRST, host.tick()))
    assert [word.state for word in forge(host, kind).change(7).approvals] == [CHANGES_REQUESTED]


@every_kind
def test_a_person_without_account_neither_authors_nor_reviews(host: FakeHost, kind: str) -> None:
    host.open(7, author=None, head=FIRST)
    host.review(7, None)
    host.review(7, "renovate[bot]")
    change = forge(host, kind).change(7)
    assert change.author is None
    assert [word.login for word in change.approvals] == ["renovate[bot]"]


@every_kind
def test_reviews_are_read_over_three_pages(host: FakeHost, kind: str) -> None:
    host.page_size = 2
    host.open(7, author="ada-l", head="0" * 40)
    for place in range(5):
        host.push(7, str(place) * 40)
        host.review(7, f"person-{place}")
    host.review(7, "person-0", "CHANGES_REQUESTED")
    found = words(forge(host, kind).change(7))
    bound = {f"person-{place}": (APPROVED, str(place) * 40) for place in range(1, 5)}
    assert found.pop("person-0")[0] == CHANGES_REQUESTED
    assert found == bound
    assert sum("page=3" in asked.path for asked in host.asked) == 1


@every_kind
def test_the_landing_finds_its_change(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")
    host.merge(7, LANDED, squashed=True)
    (change,) = forge(host, kind).landed(LANDED, "main")
    assert (change.number, change.state, change.merged_as) == (7, MERGED, LANDED)
    assert words(change) == {"lin-k": (APPROVED, FIRST)}


@pytest.mark.parametrize(("kind", "count"), [("github", 1), ("gitlab", 1), ("gitea", 0)])
def test_a_rebased_commit_below_the_last_finds_its_change_where_the_host_knows(
    host: FakeHost, kind: str, count: int
) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.merge(7, LANDED, commits=(BELOW,))
    assert len(forge(host, kind).landed(BELOW, "main")) == count


@every_kind
def test_a_commit_that_came_with_no_change_has_none(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.merge(7, LANDED)
    assert forge(host, kind).landed(SECOND, "main") == ()


@every_kind
def test_a_change_that_landed_elsewhere_is_none_of_this_target(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST, target="research/x")
    host.review(7, "lin-k")
    host.merge(7, LANDED)
    assert forge(host, kind).landed(LANDED, "main") == ()
    assert len(forge(host, kind).landed(LANDED, "research/x")) == 1


@every_kind
def test_an_open_change_with_that_head_did_not_land(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")
    assert forge(host, kind).landed(FIRST, "main") == ()


@every_kind
def test_a_landing_in_a_repository_that_is_not_to_be_seen_is_undecided(host: FakeHost, kind: str) -> None:
    blind = connect(kind, host.url(kind), f"{host.address}/acme/hidden", {}, Clock().patience())
    error = refused(lambda: blind.landed(LANDED, "main"))
    assert "404" in error.message


def test_github_leaves_out_pull_requests_of_other_repositories(host: FakeHost) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.merge(7, LANDED)

    def elsewhere(path: str, document: object) -> object:
        if path.endswith("/pulls") and isinstance(document, list):
            document[0]["base"]["repo"]["full_name"] = "upstream/lab"
        return document

    assert len(forge(host, "github").landed(LANDED, "main")) == 1
    host.alter = elsewhere
    assert forge(host, "github").landed(LANDED, "main") == ()


def test_gitlab_takes_the_merge_commit_then_the_squash_commit_then_the_head(host: FakeHost) -> None:
    host.open(7, author="ada-l", head=FIRST)
    for squashed, merged_as in ((False, LANDED), (True, SECOND)):
        host.merge(7, merged_as, squashed=squashed)
        assert forge(host, "gitlab").change(7).merged_as == merged_as

    def moved_forward(_path: str, document: object) -> object:
        return {**document, "squash_commit_sha": None} if isinstance(document, dict) else document

    host.alter = moved_forward
    assert forge(host, "gitlab").change(7).merged_as == FIRST


@pytest.mark.parametrize("kind", ["github", "gitea"])
def test_an_approval_is_known_to_be_older_than_the_target(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")
    host.retarget(7, "main")
    host.review(7, "kim")
    marked = {item.login: item.retargeted for item in forge(host, kind).change(7).approvals}
    assert marked == {"lin-k": True, "kim": False}


def test_gitlab_says_where_the_approved_difference_started(host: FakeHost) -> None:
    """It makes a version of the same head for another target."""
    host.open(7, author="ada-l", head=FIRST).bases = [SECOND, LANDED]
    host.review(7, "lin-k")
    host.push(7, FIRST)
    host.review(7, "kim")
    assert {item.login: item.base for item in forge(host, "gitlab").change(7).approvals} == {
        "lin-k": SECOND,
        "kim": None,
    }


@pytest.mark.parametrize("with_times", [True, False], ids=["approved_at", "the note it left"])
def test_gitlab_binds_an_approval_by_its_time(host: FakeHost, with_times: bool) -> None:
    host.approval_times = with_times
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k", "CHANGES_REQUESTED")
    host.review(7, "lin-k")
    host.push(7, SECOND)
    host.review(7, "kim", "DISMISSED")
    host.review(7, "kim")
    assert words(forge(host, "gitlab").change(7)) == {"lin-k": (APPROVED, FIRST), "kim": (APPROVED, SECOND)}
    assert any("/notes" in asked.path for asked in host.asked) is not with_times


def test_gitlab_binds_nothing_where_no_note_says_when(host: FakeHost) -> None:
    host.approval_times = False
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")
    # What a person wrote is no note of GitLab.
    host.alter = lambda path, document: _by_hand(document) if path.endswith("/notes") else document
    assert forge(host, "gitlab").change(7).approvals == (Approval("lin-k", APPROVED, None, None),)


def _by_hand(notes: object) -> object:
    assert isinstance(notes, list)
    assert notes[0]["system"]
    return [note | {"system": False} for note in notes]


def test_gitlab_binds_nothing_to_a_time_before_the_first_push(host: FakeHost) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.changes[7].reviews.append(FakeReview("lin-k", "APPROVED", FIRST, "2025-01-01T00:00:00Z"))
    assert words(forge(host, "gitlab").change(7)) == {"lin-k": (APPROVED, None)}


def test_gitlab_lets_an_objection_stand_beside_an_approval_of_the_same_person(host: FakeHost) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")

    def objecting(path: str, document: object) -> object:
        if path.endswith("/reviewers") and isinstance(document, list):
            document[0]["state"] = "requested_changes"
        return document

    host.alter = objecting
    assert words(forge(host, "gitlab").change(7)) == {"lin-k": (CHANGES_REQUESTED, None)}


def test_gitlab_names_a_project_in_nested_groups_as_one_segment() -> None:
    with FakeHost("acme/research/lab") as host:
        host.open(7, author="ada-l", head=FIRST)
        assert forge(host, "gitlab").change(7).head == FIRST
        assert host.asked[0].path == "/gitlab/api/v4/projects/acme%2Fresearch%2Flab/merge_requests/7"


def test_gitea_reads_on_where_the_count_includes_what_it_hides(host: FakeHost) -> None:
    host.page_size = 2
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")
    host.review(7, "max", "PENDING")
    host.review(7, "kim", "CHANGES_REQUESTED")

    def hiding(_path: str, document: object) -> object:
        if isinstance(document, list):
            return [review for review in document if review["state"] != "PENDING"]
        return document

    host.alter = hiding
    assert words(forge(host, "gitea").change(7)) == {"lin-k": (APPROVED, FIRST), "kim": (CHANGES_REQUESTED, FIRST)}


def test_gitea_goes_by_the_number_of_a_review_and_not_by_its_place(host: FakeHost) -> None:
    host.open(7, author="ada-l", head=FIRST)
    host.review(7, "lin-k")
    host.review(7, "lin-k", "CHANGES_REQUESTED")
    host.alter = lambda _path, document: document[::-1] if isinstance(document, list) else document
    assert words(forge(host, "gitea").change(7)) == {"lin-k": (CHANGES_REQUESTED, FIRST)}


@pytest.mark.parametrize(
    ("kind", "variables", "header", "value"),
    [
        ("github", ["GITHUB_TOKEN"], "authorization", f"Bearer {TOKEN}"),
        ("github", ["GH_TOKEN"], "authorization", f"Bearer {TOKEN}"),
        ("gitlab", ["LABGATE_GITLAB_TOKEN", "CI_JOB_TOKEN"], "private-token", TOKEN),
        ("gitlab", ["GITLAB_TOKEN", "CI_JOB_TOKEN"], "private-token", TOKEN),
        ("gitlab", ["CI_JOB_TOKEN"], "job-token", TOKEN),
        ("gitea", ["GITEA_TOKEN", "GITHUB_TOKEN"], "authorization", f"token {TOKEN}"),
        ("gitea", ["GITHUB_TOKEN"], "authorization", f"token {TOKEN}"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else None,
)
def test_the_token_goes_where_the_host_wants_it(
    host: FakeHost, kind: str, variables: list[str], header: str, value: str
) -> None:
    host.open(7, author="ada-l", head=FIRST)
    first, *others = variables
    environ = {first: f" {TOKEN}\n"} | dict.fromkeys(others, "other")
    forge(host, kind, **environ).change(7)
    assert host.asked
    for asked in host.asked:
        assert asked.headers[header] == value
        assert "other" not in asked.headers.values()


@every_kind
def test_without_a_token_none_is_sent(host: FakeHost, kind: str) -> None:
    host.open(7, author="ada-l", head=FIRST)
    forge(host, kind).change(7)
    for asked in host.asked:
        assert not {"authorization", "private-token", "job-token"} & asked.headers.keys()
        assert asked.headers["user-agent"].startswith("labgate/")
