"""One module for each hook stage or command: input of git, CI or a person becomes ref updates and a report."""
