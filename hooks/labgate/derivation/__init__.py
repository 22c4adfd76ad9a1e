"""Code that derives from research: score, exact matches, replay, search, tracing."""
