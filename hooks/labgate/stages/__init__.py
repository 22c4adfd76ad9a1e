"""Adapters: what git, pre-commit or a person says becomes a proposal, and the gate's verdict on it a report."""
