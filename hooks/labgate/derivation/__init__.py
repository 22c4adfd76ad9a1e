"""Which code derives from research: score, exact matches, replay, search, tracing."""
