"""``python -m labgate``: the same as the command ``labgate``."""

from labgate.cli.main import main

if __name__ == "__main__":
    main()
