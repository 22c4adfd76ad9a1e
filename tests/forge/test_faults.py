"""A host that fails: the right answer a little later, or undecided; never another answer, and never the token."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from labgate.forge import KINDS, connect
from labgate.forge.http import Patience
from labgate.forge.values import Forge
from support.forge import FakeHost, Fault
from support.waiting import START, TOKEN, Clock, refused

HEAD = "1" * 40
#: Every request that a change is read with, by the end of its path.
REQUESTS = {
    "github": ["/7", "/reviews"],
    "gitlab": ["/7", "/reviewers", "/approvals", "/versions"],
    "gitea": ["/7", "/reviews"],
}
VARIABLES = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}

every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def change(host: FakeHost) -> None:
    host.open(7, author="ada-l", head=HEAD)
    host.review(7, "lin-k")


def forge(host: FakeHost, kind: str, patience: Patience) -> Forge:
    return connect(kind, host.url(kind), host.repository(), {VARIABLES[kind]: TOKEN}, patience)


PASSING: dict[str, Callable[[], Fault]] = {
    "status 500": lambda: Fault(500),
    "status 502": lambda: Fault(502, body=b"<html>Bad gateway</html>"),
    "status 503 with Retry-After": lambda: Fault(503, {"Retry-After": "3"}),
    "status 504": lambda: Fault(504),
    "a broken connection": lambda: Fault(drop=True),
    "half a body": lambda: Fault(truncated=True),
    "status 429 with Retry-After": lambda: Fault(429, {"Retry-After": "7"}),
    "status 429 without a word": lambda: Fault(429),
    "a secondary rate limit": lambda: Fault(403, {"Retry-After": "5"}),
    "a used up rate limit that is reset soon": lambda: Fault(
        403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(START + 20)}
    ),
}
LASTING: dict[str, tuple[Callable[[], Fault], str]] = {
    "status 401": (lambda: Fault(401), "does not accept the token in"),
    "status 403": (lambda: Fault(403), "does not allow the token in"),
    "status 404": (lambda: Fault(404), "or hides it from the token in"),
    "status 422": (lambda: Fault(422), "status 422"),
    "status 204": (lambda: Fault(204), "status 204"),
    "a redirect": (lambda: Fault(301, {"Location": "/elsewhere"}), "redirects are not followed"),
    "malformed JSON": (lambda: Fault(body=b'{"number": 7,'), "it is not JSON"),
    "HTML": (lambda: Fault(body=b"<html>Sign in</html>"), "it is not JSON"),
    "nothing": (lambda: Fault(body=b""), "it is not JSON"),
    "no UTF-8": (lambda: Fault(body=b'"\xff"'), "it is not JSON"),
    "a string": (lambda: Fault(body=b'"approved"'), "is not as the"),
    "null": (lambda: Fault(body=b"null"), "is not as the"),
    "a number": (lambda: Fault(body=b"7"), "is not as the"),
    "a list of lists": (lambda: Fault(body=b"[[]]"), "is not as the"),
    "deep nesting": (lambda: Fault(body=b"[" * 100_000), "it is not JSON"),
    "a number of many digits": (lambda: Fault(body=b"9" * 10_000), "it is not JSON"),
}


@pytest.fixture(autouse=True, scope="module")
def no_garbage() -> Iterator[None]:
    """Finalize nothing that other tests left while a parser of deep nesting is at the recursion limit."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@every_kind
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again_and_then_the_answer_is_right(host: FakeHost, kind: str, fault: str) -> None:
    expected = forge(host, kind, Clock().patience()).change(7)
    for on in REQUESTS[kind]:
        clock = Clock()
        host.faults = [PASSING[fault]()]
        host.faults[0].on = on
        assert forge(host, kind, clock.patience()).change(7) == expected
        assert host.faults[0].times == 0
        assert len(clock.slept) == 1


@every_kind
@pytest.mark.parametrize("fault", PASSING)
def test_what_does_not_pass_in_time_is_undecided(
    host: FakeHost, kind: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for on in REQUESTS[kind]:
        clock = Clock()
        host.asked.clear()
        host.faults = [PASSING[fault]()]
        host.faults[0].on, host.faults[0].times = on, -1
        error = refused(partial(forge(host, kind, clock.patience()).change, 7))
        assert "127.0.0.1" in error.message
        assert on in error.message
        assert 2 <= sum(asked.path.partition("?")[0].endswith(on) for asked in host.asked) <= 5
        assert sum(clock.slept) < 60
    assert TOKEN not in caplog.text


@every_kind
@pytest.mark.parametrize("fault", LASTING)
def test_what_lasts_is_undecided_at_once(host: FakeHost, clock: Clock, kind: str, fault: str) -> None:
    make, expected = LASTING[fault]
    for on in REQUESTS[kind]:
        host.faults = [make()]
        host.faults[0].on = on
        error = refused(partial(forge(host, kind, clock.patience()).change, 7))
        assert expected in error.message
        assert host.asked[-1].path.partition("?")[0].endswith(on)
        assert clock.slept == []


@every_kind
def test_a_landing_is_never_taken_for_one_without_a_change(host: FakeHost, clock: Clock, kind: str) -> None:
    host.merge(7, "d" * 40)
    for make in [*PASSING.values(), *(make for make, _ in LASTING.values())]:
        host.faults = [make()]
        host.faults[0].times = -1
        refused(lambda: forge(host, kind, clock.patience()).landed("d" * 40, "main"))


@every_kind
def test_a_host_that_does_not_answer_is_undecided(host: FakeHost, clock: Clock, kind: str) -> None:
    host.faults = [Fault(hang=30, times=-1)]
    error = refused(lambda: forge(host, kind, clock.patience(timeout=0.05)).change(7))
    assert "it took longer than 0.05 s" in error.message
    assert clock.slept == [0.5, 1, 2, 4]


@every_kind
def test_a_host_that_answers_late_once_is_asked_again(host: FakeHost, clock: Clock, kind: str) -> None:
    host.faults = [Fault(hang=30)]
    assert forge(host, kind, clock.patience(timeout=0.05)).change(7).head == HEAD


def test_nobody_there_is_undecided(clock: Clock) -> None:
    with FakeHost() as host:
        api = host.url("github")
    error = refused(lambda: connect("github", api, "h/acme/lab", {"GH_TOKEN": TOKEN}, clock.patience()).change(7))
    assert "the connection cannot be made" in error.message
    assert len(clock.slept) == 4


@pytest.mark.parametrize("on", ["/7", "/reviews"])
def test_an_answer_that_never_ends_is_undecided(host: FakeHost, on: str) -> None:
    """The clock goes on by 30 s whenever it is read."""
    readings = iter(range(0, 10_000, 30))
    patience = Patience(10, 90 if on == "/7" else 300, lambda _: None, lambda: float(next(readings)), lambda: START)
    host.faults = [Fault(on=on, body=b" " * 1_000_000, times=-1)]
    assert "its answer did not end in time" in refused(lambda: forge(host, "github", patience).change(7)).message


@every_kind
def test_a_larger_answer_than_any_is_undecided(host: FakeHost, clock: Clock, kind: str) -> None:
    host.faults = [Fault(body=b" " * 10_000_001)]
    error = refused(lambda: forge(host, kind, clock.patience()).change(7))
    assert "its answer is larger than 10 MB" in error.message


@pytest.mark.parametrize(("kind", "on"), [("github", "/reviews"), ("gitlab", "/versions"), ("gitea", "/reviews")])
def test_pages_without_end_are_undecided(host: FakeHost, clock: Clock, kind: str, on: str) -> None:
    host.faults = [Fault(headers={"Link": '<?page=2>; rel="next"', "X-Total-Count": "100000"}, on=on, times=-1)]
    if kind == "gitea":
        host.review(7, "kim")
        body = b'[{"id": 1, "user": null, "state": "COMMENT"}]'
        host.faults[0].body = body
    error = refused(lambda: forge(host, kind, clock.patience()).change(7))
    assert "has more than 100 pages" in error.message
    assert len(host.asked) < 110


@pytest.mark.parametrize(("kind", "on"), [("github", "/reviews"), ("gitlab", "/versions")])
@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.2:{port}/x",
        "http://127.0.0.1:1/x",
        "https://127.0.0.1:{port}/x",
        "//evil.example/x",
        "http://[/x",
    ],
)
def test_the_next_page_is_on_the_same_host_or_undecided(
    host: FakeHost, clock: Clock, kind: str, on: str, link: str
) -> None:
    target = link.format(port=host.address.rpartition(":")[2])
    host.faults = [Fault(headers={"Link": f'<{target}>; rel="next"'}, on=on)]
    error = refused(lambda: forge(host, kind, clock.patience()).change(7))
    assert "its Link header leads to another host" in error.message


@every_kind
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_token_nowhere(host: FakeHost, clock: Clock, kind: str, status: int) -> None:
    with FakeHost() as other:
        other.open(7, author="ada-l", head=HEAD)
        host.faults = [Fault(status, {"Location": other.url(kind) + "/x"}, times=-1)]
        refused(lambda: forge(host, kind, clock.patience()).change(7))
        assert other.asked == []


@every_kind
def test_a_wait_beyond_the_budget_is_not_begun(host: FakeHost, clock: Clock, kind: str) -> None:
    limit = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(START + 1800)}
    if kind == "gitlab":
        limit = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(START + 1800)}
    host.faults = [Fault(429, limit, times=-1)]
    error = refused(lambda: forge(host, kind, clock.patience()).change(7))
    assert "is used up until 2027-01-15 08:30:00 UTC" in error.message
    assert clock.slept == []
    assert len(host.asked) == 1


def test_the_budget_holds_for_all_pages_of_a_question(host: FakeHost, clock: Clock) -> None:
    host.page_size = 1
    for _ in range(9):
        host.review(7, "kim", "COMMENTED")
    host.faults = [Fault(503, {"Retry-After": "20"}, on="/reviews") for _ in range(3)]
    refused(lambda: forge(host, "github", clock.patience(budget=50)).change(7))
    assert clock.slept == [20, 20]


def test_waits_grow_and_what_the_host_asks_for_is_kept(host: FakeHost, clock: Clock) -> None:
    host.faults = [Fault(500), Fault(500), Fault(503, {"Retry-After": "9"}), Fault(429, {"Retry-After": "0"})]
    assert forge(host, "github", clock.patience()).change(7).head == HEAD
    assert clock.slept == [0.5, 1, 9, 0.5]


@every_kind
def test_a_private_repository_names_the_variable_that_is_missing(host: FakeHost, clock: Clock, kind: str) -> None:
    host.token = TOKEN
    assert forge(host, kind, clock.patience()).change(7).head == HEAD
    blind = connect(kind, host.url(kind), host.repository(), {}, clock.patience())
    error = refused(lambda: blind.change(7))
    assert "a request without" in error.message
    assert VARIABLES[kind] in error.message
    assert "set " in (error.help or "")


def test_a_host_that_echoes_the_token_is_not_quoted(host: FakeHost, clock: Clock) -> None:
    for status in (200, 302, 401, 403, 404, 418, 500):
        host.faults = [Fault(status, {"Location": f"/{TOKEN}", "X-Echo": TOKEN}, TOKEN.encode(), times=-1)]
        refused(lambda: forge(host, "github", clock.patience()).change(7), echoed=True)


def test_a_forge_and_what_it_is_made_of_do_not_show_the_token(host: FakeHost, clock: Clock) -> None:
    made = forge(host, "github", clock.patience())
    client = vars(made)["_client"]
    shown = [repr(made), repr(client), repr(vars(client)["_token"]), str(vars(client)["_token"])]
    assert TOKEN not in "".join(shown)
