"""What the checks judge: facts drawn from git once, by one module a check, as values."""
