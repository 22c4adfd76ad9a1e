"""docs/rules has a page for each rule, as the rule is declared today."""

from __future__ import annotations

import os
import re

from labgate.checks.registry import all_rules
from support.console import UPDATE
from support.rule_pages import FOLDER, pages, write


def test_every_page_is_what_is_declared_today() -> None:
    wanted = pages()
    if os.environ.get(UPDATE) == "1":
        write()
    found = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert found.keys() == wanted.keys(), f"run again with {UPDATE}=1"
    assert [path.name for path, text in wanted.items() if found[path] != text] == [], f"run again with {UPDATE}=1"


def test_a_page_says_all_of_its_rule_and_shows_one_that_is_found() -> None:
    shown = set()
    for rule in all_rules():
        text = (FOLDER / f"{rule.code}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {rule.code} {rule.name}\n")
        for part in (rule.summary[1:], rule.why, rule.fix):
            assert part in text
        if re.search(rf"\b{rule.code} (?:error|warning): ", text):
            shown.add(rule.code)
            assert "```console\n$ " in text
        else:
            assert re.search(r"\[(LG\d{3})\]\(\1\.md#example\) has an example of the same check", text)
    # An objection is stated on a code host alone.
    assert {rule.code for rule in all_rules()} - shown == {"LG208"}
