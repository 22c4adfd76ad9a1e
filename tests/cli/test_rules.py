"""``labgate explain`` and ``labgate rules``."""

from __future__ import annotations

import json
import re

import pytest

from labgate import __version__
from labgate.checks.registry import all_rules
from labgate.cli.main import run
from labgate.values.finding import Rule
from support.installed import OID, from_git, recorded


@pytest.fixture(autouse=True)
def without_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let labgate be installed from a wheel, wherever these tests run."""
    recorded(monkeypatch, {"url": "file:///home/ada/labgate.whl", "archive_info": {}})


def output(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert run(args) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_explain_says_everything_about_a_rule(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    out = output(capsys, "explain", rule.code)
    head, _, rest = out.partition("\n")
    assert head == f"{rule.code} {rule.name} ({rule.level} by default)"
    words = " ".join(rest.split())
    assert words == " ".join(f"{rule.summary} Why {rule.why} How to fix it {rule.fix}".split())


@pytest.mark.parametrize("wanted", ["LG201", "lg201", "unreviewed-research", "Unreviewed-Research", " LG201 "])
def test_a_rule_is_found_by_code_and_by_name_in_any_case(wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "explain", wanted) == output(capsys, "explain", "LG201")


def test_explain_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for rule in all_rules():
        lines = output(capsys, "explain", rule.code).splitlines()
        assert all(len(line) < 80 or " " not in line.strip() for line in lines)


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        pytest.param("unreviewed-reserch", "; did you mean 'unreviewed-research'?", id="a-name-misspelt"),
        pytest.param("LG2O1", "; did you mean 'LG201'?", id="a-letter-for-a-digit"),
        pytest.param("xyzzy", "", id="nothing-like-it"),
    ],
)
def test_an_unknown_rule_is_answered_with_the_nearest(
    wanted: str, nearest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", wanted]) == 2
    assert capsys.readouterr() == ("", f"error: no rule {wanted!r}{nearest}\n  help: labgate rules\n")


def test_the_page_of_a_rule_is_named_where_this_labgate_has_an_address(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (explained, listed) = (output(capsys, "explain", "LG201"), output(capsys, "rules", "--format", "json"))
    assert "Page" not in explained
    assert {rule["url"] for rule in json.loads(listed)["rules"]} == {None}
    recorded(monkeypatch, from_git("https://github.com/acme/labgate"))
    page = f"https://github.com/acme/labgate/blob/{OID}/docs/rules/LG201.md"
    assert output(capsys, "explain", "LG201") == f"{explained}\nPage\n  {page}\n"
    listed = output(capsys, "rules", "--format", "json")
    assert [rule["url"] for rule in json.loads(listed)["rules"] if rule["code"] == "LG201"] == [page]


def test_rules_lists_each_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    listed = output(capsys, "rules")
    assert max(map(len, listed.splitlines())) <= 80
    lines = [" ".join(line.split()) for line in re.sub(r"\n(?= )", "", listed).splitlines()]
    assert lines == [f"{rule.code} {rule.name} {rule.level} {rule.summary}" for rule in all_rules()]


@pytest.mark.parametrize("args", [("rules",), ("explain", "LG201")], ids=["rules", "explain"])
def test_colour_adds_nothing_but_colour(
    args: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = output(capsys, *args)
    assert "\x1b" not in plain
    coloured = output(capsys, *args, "--color", "always")
    assert re.search(r"\x1b\[1mLG201\b.*\x1b\[1;31merror *\x1b\[0m", coloured)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    monkeypatch.setenv("CLICOLOR_FORCE", "1")
    assert output(capsys, *args) == coloured
    assert output(capsys, *args, "--color", "never") == plain


def test_rules_as_json_have_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(output(capsys, "rules", "--format", "json"))
    assert (document["schema"], document["labgate"]) == (1, __version__)
    assert document["rules"] == [
        {key: getattr(rule, key) for key in ("code", "name", "level", "summary", "why", "fix")} | {"url": None}
        for rule in all_rules()
    ]
