"""Build the manual pages of all commands into an sdist, below ``man/man1`` (hatch, "Custom build hook").

Only the target sdist runs this, so that an installation from a repository, as pre-commit makes it, needs nothing more.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    import click


class ManualPages(BuildHookInterface[Any]):
    """Writes the pages before the archive is made, and removes them afterwards."""

    folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  (hatch's signature)
        """Add the pages to the archive."""
        sys.path.insert(0, str(Path(self.root) / "hooks"))
        self.folder = Path(tempfile.mkdtemp())
        write_pages(self.folder, self.metadata.version)
        pages = sorted(self.folder.glob("*.1"))
        build_data["force_include"].update({str(page): f"man/man1/{page.name}" for page in pages})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the pages."""
        if self.folder is not None:
            shutil.rmtree(self.folder)


def write_pages(folder: Path, version: str) -> None:
    """Write a page for labgate and for each of its commands, ``labgate-policy-check.1`` for instance."""
    from click_man.core import write_man_pages

    from labgate.cli.main import labgate

    _prepare(labgate)
    write_man_pages("labgate", labgate, version=version, target_dir=str(folder))


def _prepare(command: click.Command) -> None:
    """Load the commands of groups, which import late, and turn help texts into the language of man(7)."""
    import click

    command.help = _troff(command.help or "")
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            if inner is not None:
                command.commands[name] = inner
                _prepare(inner)


def _troff(text: str) -> str:
    r"""Return a help text for man(7): a paragraph after ``\b`` keeps its lines, as click keeps them."""
    shown = []
    for paragraph in cleandoc(text).replace("\\", "\\e").split("\n\n"):
        lines = [f"\\&{line}" if line.lstrip().startswith((".", "'")) else line for line in paragraph.split("\n")]
        kept = lines[0].strip() == "\b"
        shown.append("\n".join([".nf", *lines[1:], ".fi"] if kept else lines))
    return "\n\n".join(shown)
