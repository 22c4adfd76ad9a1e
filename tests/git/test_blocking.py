"""What git may wait for is found where git finds it."""

from __future__ import annotations

import os
from pathlib import Path

from labgate.git import blocking
from support.repo import Repo

#: Ways to write a path in a configuration (git-config, "CONFIGURATION FILE").
VALUES = ["a", '"a b"', "a ; b", "a # b", '"a;b"', 'a" b "c', "a\\\nb", "a\\\\b", 'a\\"b', '"a" ', "a\\tb", "a b  # c"]


def test_an_included_file_is_named_as_git_reads_its_name(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "config"
    for value in VALUES:
        for form in (
            "[include]\n\tpath = {}\n",
            '[includeIf "gitdir:/"] Path={}\n',
            "[x]\ny = z\n[Include]\npath={}\n",
        ):
            file.write_text(form.format(value), encoding="utf-8")
            (named,) = (
                line for line in repo.git("config", "--file", str(file), "--list", "-z").split("\0") if "path" in line
            )
            assert list(blocking._included(str(file))) == [os.path.join(tmp_path, named.partition("\n")[2])], value
