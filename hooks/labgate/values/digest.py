"""BLAKE2b (RFC 7693) without ``hashlib``, which loads OpenSSL first: two milliseconds of each push."""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # not CPython
    from hashlib import blake2b

__all__ = ["blake2b"]
