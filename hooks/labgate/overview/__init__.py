"""Where each research and experiment branch stands: its own commits, and what of them landed and was reviewed."""
