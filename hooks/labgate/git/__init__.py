"""The only package that runs git: a hardened runner and typed reads."""
