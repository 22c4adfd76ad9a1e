"""labgate's own git hooks: their text, and how they run beside pre-commit, prek and foreign hooks."""
