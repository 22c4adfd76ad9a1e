"""A policy file becomes values with every default, or every one of its mistakes is told at once."""

from __future__ import annotations

import marshal
import time
from pathlib import Path

import pytest

from labgate.checks.commit_size.section import CommitSize, Limits
from labgate.checks.registry import PLANNED, all_rules
from labgate.policy.model import Policy
from labgate.policy.reader import MAX_BYTES, PYPROJECT_TABLE, holds_policy
from labgate.policy.schema import DURATIONS, SIZES
from labgate.research.section import ResearchGate
from labgate.reviews.section import Reviews
from labgate.values.errors import PolicyError
from support.policies import READER, parse_policy

DATA = Path(__file__).parent.parent / "data" / "policy"
MISTAKES = sorted((DATA / "errors").glob("*.toml"))
MINIMAL = (DATA / "minimal.toml").read_text(encoding="utf-8")


def contract() -> Policy:
    return parse_policy((DATA / "contract.toml").read_bytes())


def problems(text: str | bytes, file: str = "labgate.toml", table: tuple[str, ...] = ()) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        READER.parse(text, file, table=table)
    return caught.value.problems


@pytest.mark.parametrize("case", MISTAKES, ids=[case.stem for case in MISTAKES])
def test_every_mistake_is_told_in_one_line(case: Path) -> None:
    expected = case.with_suffix(".txt").read_text(encoding="utf-8")
    assert "".join(f"{line}\n" for line in problems(case.read_bytes())) == expected


def test_every_case_has_its_mistakes_and_only_those() -> None:
    assert len(MISTAKES) >= 25
    assert [case.stem for case in MISTAKES] == [told.stem for told in sorted((DATA / "errors").glob("*.txt"))]


@pytest.mark.parametrize(
    ("ref", "kind", "values", "bad_field"),
    [
        pytest.param("refs/heads/main", "protected", {}, None, id="trunk"),
        pytest.param("refs/heads/release/1.2", "protected", {"version": "1.2"}, None, id="release"),
        pytest.param("refs/tags/v1.2", "protected", {}, None, id="version-tag"),
        pytest.param("refs/tags/nightly", None, None, None, id="another-tag"),
        pytest.param("refs/heads/dependabot/npm/left-pad-1.3", "bot", {}, None, id="bot"),
        pytest.param("refs/heads/gh-readonly-queue/main/pr-7-abc", "bot", {}, None, id="merge-queue"),
        pytest.param("refs/heads/research/new-loss", "research", {"topic": "new-loss"}, None, id="research"),
        pytest.param("refs/heads/research/a--b", "research", {"topic": "a--b"}, "topic", id="research-bad-topic"),
        pytest.param("refs/heads/research/a/b", "research", None, None, id="research-too-deep"),
        pytest.param(
            "refs/heads/experiment--housing--tree-2",
            "experiment",
            {"service": "housing", "handle": "tree-2"},
            None,
            id="experiment",
        ),
        pytest.param(
            "refs/heads/experiment--hosing--tree",
            "experiment",
            {"service": "hosing", "handle": "tree"},
            "service",
            id="experiment-of-no-service",
        ),
        pytest.param("refs/heads/fix/login", "topic", {"type": "fix", "slug": "login"}, None, id="topic"),
        pytest.param("refs/heads/12-login", "topic", {"issue": "12", "slug": "login"}, None, id="topic-by-issue"),
        pytest.param("refs/heads/ada/login", "topic", {"type": "ada", "slug": "login"}, "type", id="topic-of-no-type"),
        pytest.param("refs/heads/wip", None, None, None, id="no-kind"),
        pytest.param("refs/notes/commits", None, None, None, id="no-branch"),
    ],
)
def test_the_contracts_example_classifies(
    ref: str, kind: str | None, values: dict[str, str] | None, bad_field: str | None
) -> None:
    found = contract().classify(ref)
    assert (found.name, found.values, found.bad_field) == (kind, values, bad_field)


def test_the_contracts_example_says_what_it_says() -> None:
    policy = contract()
    assert policy.repository == "github.com/acme/models"
    assert set(policy.section(CommitSize).limits) == {"protected"}
    limits = policy.section(CommitSize).limits["protected"]
    assert (limits.lines, limits.files, limits.file_bytes, limits.bytes) == (400, 20, 500_000, 2_000_000)
    assert (limits.series_lines, limits.series_commits) == (2000, 20)
    assert policy.section(ResearchGate).keep_deleted == 180 * 86400
    assert policy.section(ResearchGate).source_repositories[0].matches("github.com/acme-research/models")
    assert (policy.section(Reviews).quorum.groups, policy.section(Reviews).quorum.affiliations) == ((("core", 1),), 1)
    assert [person.name for person in policy.section(Reviews).people] == ["ada"]
    assert policy.level("LG202", "topic") == "warning"
    assert policy.level("LG401", "research") == "warning"
    assert policy.level("LG401", "topic") is None


def test_a_section_is_built_once_for_each_policy() -> None:
    one, other = contract(), contract()
    assert one.section(Reviews) is one.section(Reviews)
    assert one.section(Reviews) is not other.section(Reviews)
    assert one.section(Reviews) == other.section(Reviews)


def test_a_reader_without_sections_knows_kinds_and_levels_only() -> None:
    bare = READER.changed(sections=())
    assert bare.parse(MINIMAL, "labgate.toml").is_protected("refs/heads/main")
    with pytest.raises(PolicyError, match="unknown key"):
        bare.parse(MINIMAL + "[reviews]\n", "labgate.toml")


def test_a_policy_is_the_same_after_marshal() -> None:
    policy = contract()
    again = Policy(marshal.loads(marshal.dumps(policy.table)))  # noqa: S302 (its own output)
    assert again == policy
    assert [kind.name for kind in again.kinds] == ["protected", "bot", "research", "experiment", "topic"]
    assert again.classify("refs/heads/12-login") == policy.classify("refs/heads/12-login")


def test_the_smallest_policy_has_every_default() -> None:
    policy = parse_policy(MINIMAL)
    gate, reviews = policy.section(ResearchGate), policy.section(Reviews)
    assert policy.repository is None
    assert (gate.sources, gate.require_review, gate.keep_deleted) == ((), "research", 180 * 86400)
    assert (reviews.assurance, reviews.expires) == ("trailer", 14 * 86400)
    assert reviews.machines == ("noreply@github.com",)
    assert (reviews.quorum.total, reviews.quorum.groups, reviews.quorum.affiliations) == (1, (), 0)
    assert policy.section(CommitSize) == CommitSize({"ignore": [], "tests": [], "exceptions": [], "limits": {}})
    assert policy.table["experiment-hash"] == {
        "artifacts": [],
        "pins": "refs/experiments",
        "records": "optional",
        "pins-on-push": "off",
        "dirty": "snapshot",
        "snapshot-file-bytes": 10_000_000,
    }
    assert policy.level("LG201", "protected") is None


def test_a_table_of_limits_leaves_out_what_it_does_not_limit() -> None:
    policy = parse_policy(MINIMAL + "[commit-size.limits.protected]\nlines = 7\n")
    blank = dict.fromkeys(["lines", "test-lines", "files", "file-bytes", "bytes", "series-lines", "series-commits"])
    assert policy.section(CommitSize).limits["protected"] == Limits({**blank, "lines": 7})


@pytest.mark.parametrize(
    ("kinds", "sources"),
    [
        pytest.param(["research", "experiment"], ("research", "experiment"), id="both"),
        pytest.param(["experiment"], ("experiment",), id="one"),
        pytest.param(["topic"], (), id="none"),
    ],
)
def test_sources_are_the_research_kinds_there_are(kinds: list[str], sources: tuple[str, ...]) -> None:
    more = "".join(f'[kinds.{kind}]\nnames = ["{kind}/{{x}}"]\n' for kind in kinds)
    assert parse_policy(MINIMAL + more).section(ResearchGate).sources == sources


def test_sources_may_be_named_to_be_none() -> None:
    more = '[kinds.research]\nnames = ["research/{x}"]\n[research-gate]\nsources = []\n'
    assert parse_policy(MINIMAL + more).section(ResearchGate).sources == ()


@pytest.mark.parametrize(("text", "seconds"), [(f"2{unit}", 2 * seconds) for unit, seconds in DURATIONS.items()])
def test_a_duration_is_seconds(text: str, seconds: int) -> None:
    assert parse_policy(f'{MINIMAL}[reviews]\nexpires = "{text}"\n').section(Reviews).expires == seconds


@pytest.mark.parametrize(("text", "size"), [("123", 123), *((f'"3{unit}"', 3 * size) for unit, size in SIZES.items())])
def test_a_size_is_bytes(text: str, size: int) -> None:
    limits = parse_policy(f"{MINIMAL}[commit-size.limits.protected]\nbytes = {text}\n").section(CommitSize).limits
    assert limits["protected"].bytes == size


@pytest.mark.parametrize("text", ["0d", "-1d", "1.5d", "1 d", "d", "14", "1y", "999999d", "\uff11d", "1d\\n"])
def test_no_other_text_is_a_duration(text: str) -> None:
    [line] = problems(f'{MINIMAL}[reviews]\nexpires = "{text}"\n')
    assert line.startswith('labgate.toml: [reviews] expires: expected a duration such as "14d" or "12h", found "')


def test_a_policy_in_pyproject_names_its_table_there() -> None:
    text = '[tool.labgate]\nversion = 1\ntrunc = "main"\n[tool.labgate.kinds.protected]\nname = ["main"]\n'
    assert problems(text, "pyproject.toml", PYPROJECT_TABLE) == (
        'pyproject.toml: [tool.labgate] trunc: unknown key (did you mean "trunk"?)',
        'pyproject.toml: [tool.labgate.kinds.protected] name: unknown key (did you mean "names"?)',
        "pyproject.toml: [tool.labgate.kinds.protected] names: expected a list of names, found nothing",
        'pyproject.toml: [tool.labgate] trunk: expected a branch name such as "main", found nothing',
    )


def test_a_policy_in_pyproject_is_the_same_policy() -> None:
    text = '[project]\nname = "x"\n[tool.labgate]\nversion = 1\ntrunk = "main"\nkinds.protected.names = ["main"]\n'
    assert READER.parse(text, "pyproject.toml", table=PYPROJECT_TABLE) == parse_policy(MINIMAL)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[tool.other]\n", "pyproject.toml: [tool.labgate]: expected a table, found nothing"),
        ('tool = "x"\n', "pyproject.toml: [tool.labgate]: expected a table, found nothing"),
        ("tool.labgate = 1\n", "pyproject.toml: [tool.labgate]: expected a table, found 1"),
    ],
    ids=["no-table", "tool-is-no-table", "labgate-is-no-table"],
)
def test_a_pyproject_without_a_policy_has_none_to_parse(text: str, line: str) -> None:
    assert problems(text, "pyproject.toml", PYPROJECT_TABLE) == (line,)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (b"[tool.labgate]\nversion = 1\n", True),
        (b"[tool]\nlabgate.version = 1\n", True),
        (b'[project]\ndependencies = ["labgate"]\n', False),
        (b"tool = 1 # labgate\n", False),
        (b"this is = no TOML", False),
    ],
    ids=["table", "dotted", "only-a-dependency", "tool-is-no-table", "broken-and-none-of-our-business"],
)
def test_a_pyproject_says_whether_it_holds_a_policy(text: bytes, holds: bool) -> None:
    assert holds_policy(text, "pyproject.toml") is holds


def test_a_broken_pyproject_that_names_labgate_cannot_say() -> None:
    with pytest.raises(PolicyError, match=r"pyproject.toml: line 1, column 14: not TOML: "):
        holds_policy("[tool.labgate\n", "pyproject.toml")


def test_a_file_may_start_with_a_byte_order_mark_and_end_lines_as_windows_does() -> None:
    text = b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode()
    assert parse_policy(text) == parse_policy(MINIMAL)


def test_levels_may_name_every_rule_of_the_contract() -> None:
    codes = {*PLANNED, *(rule.code for rule in all_rules())}
    assert codes >= {"LG101", "LG201", "LG211", "LG301", "LG401"}
    levels = "[levels]\n" + "".join(f'{code} = "note"\n' for code in sorted(codes))
    policy = parse_policy(MINIMAL + levels)
    assert {policy.level(code, None) for code in codes} == {"note"}


def test_the_rules_are_those_of_the_reader() -> None:
    text = MINIMAL + '[levels]\nXY1 = "off"\n'
    assert READER.changed(is_rule=lambda code: code == "XY1").parse(text, "x").level("XY1", None) == "off"


def test_a_kind_may_raise_a_guard_and_lower_it_to_what_all_have() -> None:
    text = MINIMAL + '[levels]\nLG205 = "warning"\n[levels.protected]\nLG205 = "warning"\nLG209 = "error"\n'
    policy = parse_policy(text)
    assert (policy.level("LG205", "protected"), policy.level("LG209", "protected")) == ("warning", "error")


def test_a_quorum_of_one_may_wait_for_its_first_person() -> None:
    assert parse_policy(MINIMAL + "[reviews]\nquorum = { total = 1 }\n").section(Reviews).people == ()


def test_there_is_an_end_to_the_mistakes_that_are_told() -> None:
    told = problems(MINIMAL + "[commit-size]\n" + "".join(f"x{number} = 1\n" for number in range(5000)))
    assert len(told) == 101
    assert told[-1] == "labgate.toml: there are more mistakes than these 100"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(b"#" * (MAX_BYTES + 1), "f: expected at most 1048576 bytes, found 1048577", id="size"),
        pytest.param("é" * 600_000, "f: expected at most 1048576 bytes, found 1200000", id="size-in-bytes"),
        pytest.param("a = " + "[" * 100_000, "f: tables and lists nest too deeply", id="lists"),
        pytest.param("a = " + "{a=" * 100_000, "f: tables and lists nest too deeply", id="tables"),
        pytest.param("a." * 400_000 + "a = 1", "f: line 1: expected at most 200 dots, found 400000", id="dotted-key"),
    ],
)
def test_a_toml_bomb_is_refused_at_once(text: str | bytes, line: str) -> None:
    start = time.process_time()
    assert problems(text, "f") == (line,)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "9" * 900_000, id="digits"),
        pytest.param("a = 0x" + "9" * 900_000, id="hexadecimal-digits"),
        pytest.param(
            '[kinds.x]\nnames = ["' + "".join(f"{{a{number}}}" for number in range(90_000)) + '"]', id="fields"
        ),
        pytest.param("[kinds.x]\nnames = [" + ",".join(f'"n{number}"' for number in range(90_000)) + "]", id="names"),
        pytest.param("[kinds.x.fields]\n" + "".join(f'f{n} = "(a?){{1000}}"\n' for n in range(40_000)), id="patterns"),
        pytest.param("".join(f'[kinds.k{n}]\nnames = ["n"]\nbase = ["x"]\n' for n in range(20_000)), id="kinds"),
    ],
)
def test_a_bomb_in_good_toml_is_refused_soon(text: str) -> None:
    start = time.process_time()
    told = problems(text)
    assert all("\n" not in line for line in told)
    assert time.process_time() - start < 20, "TOML itself takes most of it"
