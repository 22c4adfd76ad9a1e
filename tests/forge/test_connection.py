"""Where a token may be sent, and how: addresses, tokens, proxies, certificates."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from labgate.forge import connect
from labgate.forge.connection import _proxy
from support.forge import FakeHost
from support.waiting import TOKEN, Clock, refused

HEAD = "1" * 40


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ("http://api.example.org", "must not be sent unencrypted"),
        ("http://127.0.0.1.example.org/api", "must not be sent unencrypted"),
        ("http://10.0.0.1/api/v1", "must not be sent unencrypted"),
        ("https://user:pw@api.example.org", "has a user name or password"),
        ("https://api.example.org?x=1", "is not a plain URL"),
        ("https://api.example.org/#x", "is not a plain URL"),
        ("ftp://api.example.org", "is not a plain URL"),
        ("file:///etc/passwd", "is not a plain URL"),
        ("https://", "is not a plain URL"),
        ("https://api.example.org:port", "is not a plain URL"),
        ("https://[::1", "is not a plain URL"),
        ("", "is not a plain URL"),
    ],
)
def test_an_address_that_may_have_no_token_is_refused(api: str, expected: str) -> None:
    error = refused(lambda: connect("github", api, "github.com/acme/lab", {}))
    assert expected in error.message
    assert ":pw" not in error.message


@pytest.mark.parametrize("api", ["https://api.github.com", "https://ghe.example/api/v3/", "http://[::1]:3000/api/v1"])
def test_https_and_the_own_machine_may_have_it(api: str) -> None:
    assert connect("github", api, "github.com/acme/lab", {"GITHUB_TOKEN": TOKEN}).kind == "github"


@pytest.mark.parametrize(
    ("kind", "repository"),
    [
        ("github", "acme/lab"),
        ("github", "github.com/acme/lab/deep"),
        ("github", "github.com/../lab"),
        ("gitea", "codeberg.org/acme/."),
        ("gitea", "codeberg.org//lab"),
        ("gitlab", "gitlab.com/lab"),
        ("gitlab", "gitlab.com/acme/../lab"),
        ("github", ""),
    ],
)
def test_what_names_no_repository_is_refused(kind: str, repository: str) -> None:
    assert "is not a repository" in refused(lambda: connect(kind, "https://api.example.org", repository, {})).message


def test_an_unknown_kind_is_refused_with_those_that_are_known() -> None:
    error = refused(lambda: connect("bitbucket", "https://api.example.org", "bitbucket.org/acme/lab", {}))
    assert error.help == "use one of these: github, gitlab, gitea"


@pytest.mark.parametrize("tail", ["\nX-Evil: 1", " two", "\x00", "é"])
def test_a_token_that_is_none_is_refused_unseen(tail: str) -> None:
    with pytest.raises(Exception, match="GITHUB_TOKEN has characters that no token has") as caught:
        connect("github", "https://api.example.org", "h/acme/lab", {"GITHUB_TOKEN": TOKEN + tail})
    assert TOKEN not in f"{caught.value!r} {caught.value} {caught.getrepr(style='native')}"


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "http://p:1", "HTTPS_PROXY": "http://q:1"}, "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x, .example.org"}, None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "API.example.org:443"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example.org:8443"}, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ample.org,,"}, "http://p:1"),
    ],
)
def test_the_proxy_is_the_one_of_the_environment(environ: dict[str, str], proxy: str | None) -> None:
    assert _proxy(urlsplit("https://api.example.org/v4"), environ) == proxy


def test_the_own_machine_is_reached_without_a_proxy(host: FakeHost) -> None:
    host.open(7, author="ada-l", head=HEAD)
    environ = {
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
    }
    assert connect("github", host.url("github"), host.repository(), environ).change(7).head == HEAD


def test_a_proxy_gets_its_own_password_and_not_the_token(host: FakeHost, clock: Clock) -> None:
    environ = {"HTTPS_PROXY": f"http://me:p%40ss-77@{host.address}", "GITHUB_TOKEN": TOKEN}
    forge = connect("github", "https://api.example.org", "h/acme/lab", environ, clock.patience())
    error = refused(lambda: forge.change(7))
    assert "the proxy" in error.message
    assert "ss-77" not in f"{error.message} {error.help}"
    assert {asked.path for asked in host.asked} == {"api.example.org:443"}
    for asked in host.asked:
        assert asked.headers["proxy-authorization"] == "Basic bWU6cEBzcy03Nw=="
        assert TOKEN not in str(asked.headers)


@pytest.mark.parametrize("proxy", ["socks5://me:pass-77@p:1", "http://me:pass-77@p:port", "http://"])
def test_a_proxy_that_cannot_be_used_is_refused_unseen(proxy: str, clock: Clock) -> None:
    forge = connect("github", "https://api.example.org", "h/acme/lab", {"HTTPS_PROXY": proxy}, clock.patience())
    error = refused(lambda: forge.change(7))
    assert "cannot be used" in error.message
    assert "pass-77" not in f"{error.message} {error.help}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with a certificate that it signed itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    pem = tmp_path_factory.mktemp("tls") / "host.pem"
    argv = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    argv += ["-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(argv, cwd=pem.parent, check=True, capture_output=True)
    pem.write_text((pem.parent / "key.pem").read_text() + (pem.parent / "cert.pem").read_text())
    return pem


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_is_trusted_when_the_environment_does(certificate: Path, variable: str) -> None:
    with FakeHost(certificate=certificate) as host:
        host.open(7, author="ada-l", head=HEAD)
        host.page_size = 1
        host.review(7, "lin-k")
        host.review(7, "kim")
        environ = {variable: str(certificate.parent / "cert.pem")}
        forge = connect("github", host.url("github"), host.repository(), environ)
        assert len(forge.change(7).approvals) == 2


def test_a_certificate_that_nobody_vouches_for_is_undecided(certificate: Path, clock: Clock) -> None:
    with FakeHost(certificate=certificate) as host:
        environ = {"GITHUB_TOKEN": TOKEN}
        forge = connect("github", host.url("github"), host.repository(), environ, clock.patience())
        error = refused(lambda: forge.change(7))
        assert "its certificate is not trusted" in error.message
        assert (host.asked, clock.slept) == ([], [])


def test_certificates_that_cannot_be_read_are_undecided(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for bundle in ("missing.pem", "empty.pem"):
        environ = {"SSL_CERT_FILE": str(tmp_path / bundle)}
        forge = connect("github", "https://127.0.0.1:1", "h/acme/lab", environ, clock.patience())
        assert "which has no readable certificates" in refused(lambda f=forge: f.change(7)).message  # type: ignore[misc]


def test_urllib3_is_imported_when_a_request_is_due_and_not_before() -> None:
    code = """
import sys
import labgate.forge.values
from labgate.forge import connect
forge = connect("gitlab", "https://127.0.0.1:1", "h/acme/lab", {"GITLAB_TOKEN": "t"})
sys.exit("urllib3" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})
