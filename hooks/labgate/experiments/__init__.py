"""Experiments: how a commit names its experiment."""
