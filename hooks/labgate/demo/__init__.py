"""``labgate demo``: a real repository with a real remote, in which labgate refuses and accepts changes."""
