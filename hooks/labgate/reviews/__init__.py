"""Reviews: who claims to have reviewed what, who those people are, and whether that is enough."""
