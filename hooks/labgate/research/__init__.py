"""Commits of research: refs, the commit graph, where a commit was first seen, the ledger, stated evidence."""
