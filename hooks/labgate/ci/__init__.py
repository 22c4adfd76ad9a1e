"""The change that a CI job runs for, read from the CI system's variables and event file."""
