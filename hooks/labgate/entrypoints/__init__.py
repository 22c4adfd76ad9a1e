"""One module a hook stage or command: what git, CI or a person says becomes ref updates and a report on them."""
