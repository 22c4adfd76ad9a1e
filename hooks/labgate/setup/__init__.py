"""The work of ``labgate init``: survey a repository, propose a policy, and plan the files and settings."""
