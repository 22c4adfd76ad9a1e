"""The check commit-size."""
