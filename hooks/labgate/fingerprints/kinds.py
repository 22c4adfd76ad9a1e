"""The kinds of features, and the bits of one."""

from __future__ import annotations

#: A feature is 40 bits of a hash over 4 bits of its kind. T: three added tokens in a row, in a file. V: the same in any
#: file. X: the place of an edit. B: a line of prose (a change log). I: a name or word. A, D: an added or deleted line
#: in a file. F: all that one run deletes and adds, in a file. S: the shape of added lines, without names.
T, V, X, B, I, A, D, F, S = range(9)  # noqa: E741 - the names of a score's terms in JSON
KINDS = "TVXBIADFS"
KIND_BITS = 4
FEATURE_BITS = 40 + KIND_BITS
