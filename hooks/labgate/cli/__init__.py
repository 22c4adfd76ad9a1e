"""What people start: the command ``labgate``. The only place that reads options and the environment for them."""
