"""labgate: git hooks that let research teams move fast and keep ``main`` trustworthy."""

__version__ = "0.1.0"

#: Where labgate keeps its own files, below the common git directory.
FOLDER = "labgate"
