"""Where the code of a commit comes from: which refs are research, and what shows that a commit derives from them."""
