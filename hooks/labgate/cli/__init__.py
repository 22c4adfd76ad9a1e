"""The command ``labgate``. The only place that reads a user's options and environment."""
