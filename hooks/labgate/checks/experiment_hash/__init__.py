"""The check experiment-hash."""
