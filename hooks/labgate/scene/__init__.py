"""Facts that all checks of a run share: the repository, the governing policy, the refs, the spans."""
