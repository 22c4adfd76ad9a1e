"""A licence header is the short comment about a licence at the top of a file, and no code is in it."""

from __future__ import annotations

import pytest

from labgate.fingerprints.headers import legal_lines

BSD = [
    b"Copyright (c) 2024, Ada. All rights reserved.",
    b"",
    b"Redistribution and use in source and binary forms, with or without modification,",
    b"are permitted provided that the following conditions are met:",
    b"(1) Redistributions must retain the above copyright notice (this list);",
]


def commented(mark: bytes) -> list[bytes]:
    return [(mark + b" " + line).strip() for line in BSD]


@pytest.mark.parametrize(
    ("path", "lines", "size"),
    [
        ("a.py", [b"# Copyright 2024 Ada", b"# SPDX-License-Identifier: MIT", b"", b"import os"], 3),
        ("a.c", [b"/*", b"* Licensed under the Apache License", b"*/", b"int x;"], 3),
        ("a.py", [*commented(b"#"), b"x = 1"], 5),
        ("a.rs", [*commented(b"//"), b"fn a() {"], 5),
        ("a.ts", [b"/**", *commented(b"*"), b"*/", b"let x = 1;"], 7),
        ("a.css", [b"/*! Copyright Ada | MIT */", b"a { b: c; }"], 1),
        ("a.html", [b"<!--", *BSD, b"-->", b"<p>"], 7),
        ("a.sql", [*commented(b"--"), b"select 1;"], 5),
        ("a.py", [b"#!/usr/bin/env python", b'# Licensed under the Apache License, Version 2.0 (the "License");'], 2),
        ("a.py", [b"# A comment about the code", b"import os"], 0),
        ("a.py", [b"x = 1", b"# Copyright 2024 Ada"], 0),
        ("a.py", [], 0),
        ("a.js", [b"/**/ // Copyright", b"/**/ let x = load(1);"], 0),
        ("a.py", [b"# Copyright Ada", b"/**/ x = load(1)"], 1),
        ("a.c", [b"# Copyright Ada"], 0),
        ("a.py", [b"// Copyright Ada"], 0),
        ("a.py", [b"# Copyright Ada", b"# x = load(1)", b"# y = load(2)"], 1),
        ("a.c", [b"/* Copyright Ada", b"x = load(1);", b"*/"], 1),
        ("a.c", [b"/* Copyright Ada */ int x = load(1);"], 0),
        ("a.lua", [*commented(b"--"), b"local x = 1"], 5),
        ("a.lua", [b"--[[ Copyright Ada", b"MIT ]]", b"local x = 1"], 2),
        ("a.lua", [b"-- Copyright Ada", b"--[[]] local x = load(1)"], 1),
        ("a.lua", [b"-- Copyright Ada", b"--[[ why ]] local x = load(1)"], 1),
        ("a.lua", [b"-- Copyright Ada", b"--[==[ why ]==] local x = load(1)"], 1),
        ("a.hs", [b"{- Copyright Ada", b"MIT -}", b"module A where"], 2),
        ("a.hs", [b"-- Copyright Ada", b"{- why -} x = load 1"], 1),
        ("a.jl", [b"# Copyright Ada", b"#= why =# x = load(1)"], 1),
        ("a.nim", [b"# Copyright Ada", b"#[ why ]# let x = load(1)"], 1),
        ("a.lisp", [b"; Copyright Ada", b"#| why |# (load 1)"], 1),
        ("a.py", [b"# Copyright Ada", *[b"# prose about the work"] * 1000], 60),
    ],
)
def test_a_licence_header_is_the_comment_at_the_top(path: str, lines: list[bytes], size: int) -> None:
    assert legal_lines(lines, path) == size
