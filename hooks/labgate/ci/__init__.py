"""What a CI system says of the change that it runs for, read from its variables and its event file."""
