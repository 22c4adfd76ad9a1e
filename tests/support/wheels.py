"""What pip installs from where there is no index: wheels of the packages that the tests themselves run with."""

from __future__ import annotations

import sys
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from support.published import REQUIRED, publish


@dataclass(frozen=True)
class Shelf:
    """``wheels`` is the folder that pip installs from, ``source`` the repository that labgate itself was built from."""

    folder: Path

    @property
    def wheels(self) -> Path:
        return self.folder / "wheels"

    @property
    def source(self) -> Path:
        return self.folder / "source" / "labgate"

    @property
    def environ(self) -> dict[str, str]:
        """Return what makes pip use it. What is installed is compiled when it is imported, which is less."""
        return {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_COMPILE": "0",
        }


def fill(folder: Path) -> None:
    """Put wheels of labgate, and of what it is built with and needs, into the folder of a `Shelf`."""
    labgate = publish(folder / "source")
    wheels = folder / "wheels"
    wheels.mkdir()
    for installed in filter(None, map(_installed, REQUIRED)):
        _pack(installed, wheels)
    build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    labgate.run(*build, "--wheel-dir", str(wheels), ".")


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None  # some Pythons do without; pip refuses when one is needed


def _pack(installed: Distribution, folder: Path) -> None:
    """Write a pure Python package as the wheel that it came from ("Binary distribution format")."""
    name = f"{installed.metadata['Name']}-{installed.version}".replace("-", "_", installed.metadata["Name"].count("-"))
    files = [file for file in installed.files or () if ".." not in file.parts and "__pycache__" not in file.parts]
    (record,) = (file for file in files if file.match("*.dist-info/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as wheel:
        for file in files:
            if file != record:
                wheel.write(str(installed.locate_file(file)), file.as_posix())
        wheel.writestr(record.as_posix(), "".join(f"{file.as_posix()},,\n" for file in files))
