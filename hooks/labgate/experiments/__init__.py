"""Experiments: how a commit says which one it belongs to."""
