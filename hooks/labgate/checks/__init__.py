"""The checks: a folder each, and ``registry`` with one row for each of them."""
