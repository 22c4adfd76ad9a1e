"""The check branch-name."""
