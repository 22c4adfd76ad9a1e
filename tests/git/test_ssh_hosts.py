"""The hosts of the user's ssh by other names are those that ssh itself would connect to."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from labgate.git.ssh_hosts import real_url

CONFIG = """\
# two accounts
Include config.d/*.conf
Include %s/missing
Host work other
  HostName=github.com
  User git
HOSTNAME ignored.example
Host *.lab !no.lab
\tHostname "%%h.example.org"
Match exec "touch %s/ran"
  HostName match.example
Host no.lab
  HostName no.example
Match all
  HostName late.example
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".ssh"
    (folder / "config.d").mkdir(parents=True)
    (folder / "config").write_text(CONFIG % (tmp_path, tmp_path))
    (folder / "config.d" / "one.conf").write_text(
        "Host sister\n  HostName gitlab.example.org\nInclude config\nHost last\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("url", "real"),
    [
        ("git@work:acme/models.git", "git@github.com:acme/models.git"),
        ("other:acme/models", "github.com:acme/models"),
        ("ssh://git@work:2222/acme/models", "ssh://git@github.com:2222/acme/models"),
        ("git+ssh://WORK/acme/models", "git+ssh://github.com/acme/models"),
        ("sister:acme/models", "gitlab.example.org:acme/models"),
        ("git@a.lab:x", "git@a.lab.example.org:x"),
        ("git@no.lab:x", "git@no.example:x"),
        ("git@any:x", "git@late.example:x"),
        ("https://work/acme/models", None),
        ("./work:acme", None),
        ("/srv/models.git", None),
        ("git@[work:22]:x", None),
    ],
)
def test_a_host_is_the_one_of_the_configuration(home: Path, url: str, real: str | None) -> None:
    assert real_url(url, {"HOME": str(home)}) == real
    assert not (home / "ran").exists()


@pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not installed")
@pytest.mark.parametrize("host", ["work", "other", "a.lab", "no.lab", "sister"])
def test_it_is_the_host_that_ssh_names(home: Path, host: str) -> None:
    # ssh takes the home from the user database, so the file is named.
    config = home / ".ssh" / "config"
    config.write_text(
        config.read_text().replace("config.d/", f"{home}/.ssh/config.d/").replace("Match exec", "Host no")
    )
    included = home / ".ssh" / "config.d" / "one.conf"
    included.write_text(included.read_text().replace("Include config\n", ""))
    said = subprocess.run(["ssh", "-G", "-F", str(config), host], capture_output=True, text=True, check=True).stdout
    (named,) = [line.split()[1] for line in said.splitlines() if line.startswith("hostname ")]
    real = real_url(f"{host}:x", {"HOME": str(home)})
    assert named == (real or host).removesuffix(":x")


def test_what_is_no_configuration_changes_nothing(tmp_path: Path) -> None:
    assert real_url("work:x", {}) is None
    assert real_url("work:x", {"HOME": str(tmp_path)}) is None
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_bytes(b"\xff\0Host\nHost work\nHostName\nInclude config config\n" * 500)
    assert real_url("work:x", {"HOME": str(tmp_path)}) is None
