"""The check research-gate."""
