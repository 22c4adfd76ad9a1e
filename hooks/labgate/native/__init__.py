"""labgate's own git hooks: what they are made of, and how they stand beside pre-commit, prek and foreign hooks."""
