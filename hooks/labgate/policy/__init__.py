"""The policy: ``labgate.toml`` as checked, immutable values, and the grammar of branch names."""
