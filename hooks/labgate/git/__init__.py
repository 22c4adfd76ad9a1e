"""The only package that runs git: a hardened runner, typed reads, and nothing that judges."""
