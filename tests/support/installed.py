"""What an installer recorded of labgate (PEP 610), in the place of how the tests' own one was installed."""

from __future__ import annotations

import importlib.metadata
import json

import pytest

URL, OID = "https://example.org/tools/labgate", "0123456789abcdef0123456789abcdef01234567"


def from_git(url: str = URL, commit: str = OID) -> dict[str, object]:
    """Return the record of ``pip install git+URL@COMMIT``."""
    return {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}}


def recorded(monkeypatch: pytest.MonkeyPatch, record: object) -> None:
    """Let this record be that of labgate's distribution; ``None`` for none, a text as it stands."""
    real = importlib.metadata.distribution

    class Installed:
        @staticmethod
        def read_text(name: str) -> str | None:
            assert name == "direct_url.json"
            return record if isinstance(record, str) or record is None else json.dumps(record)

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed if name == "labgate" else real(name))
