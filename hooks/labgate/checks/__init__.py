"""The checks: a folder for each, and ``registry`` with a row for each."""
