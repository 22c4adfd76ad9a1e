"""One gate for every caller: which checks apply, their levels, and the report."""
