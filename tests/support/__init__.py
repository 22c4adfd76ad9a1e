"""Helpers for tests: throw-away repositories with real git, in an environment of their own."""
