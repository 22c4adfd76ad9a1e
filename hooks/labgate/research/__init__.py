"""Which commits are research: refs, the commit graph, who had a commit first, the ledger, stated evidence."""
