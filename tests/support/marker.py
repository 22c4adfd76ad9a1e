"""A program that leaves a trace when it runs: what must never be started is set to this."""

from __future__ import annotations

from pathlib import Path


class Marker:
    """``command`` is a shell command, ``program`` an executable file; both append to one file that must not appear."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "it-ran"
        self.program = folder / "program"
        self.program.write_text(f'#!/bin/sh\necho "$0 $*" >>{self.file}\nexit 0\n')
        self.program.chmod(0o755)
        self.command = f"{self.program} #"

    @property
    def ran(self) -> str:
        """What was started, one line a time; empty when nothing was."""
        return self.file.read_text() if self.file.exists() else ""
