"""What all checks of one run share: the repository, the governing policy, the refs, the spans."""
