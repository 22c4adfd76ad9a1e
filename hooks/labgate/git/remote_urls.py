"""The URLs of remotes as git uses them, with ``url.BASE.insteadOf`` and ``pushInsteadOf`` (git-config)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from labgate.git.ssh_hosts import real_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.git.repository import Repository

#: Every configured value by key (``Repository.config``).
Config = Mapping[str, Sequence[str]]
INSTEAD, PUSH_INSTEAD = ".insteadof", ".pushinsteadof"


def fetch_url(config: Config, remote: str) -> str | None:
    """Return the URL that git fetches a remote from, ``None`` if it has none."""
    first = next(iter(config.get(f"remote.{remote}.url", ())), None)
    return None if first is None else rewritten(config, first, INSTEAD) or first


def used_instead(repository: Repository, url: str) -> str | None:
    """Return the URL that git connects to in place of one, ``None`` if that is the same."""
    instead = rewritten(repository.config, url, INSTEAD)
    return real_url(instead or url, repository.environ) or instead


def connected(repository: Repository, urls: Iterable[str]) -> tuple[str, ...]:
    """Return these URLs, as git uses them, and those whose hosts the user's ssh has by other names."""
    found = tuple(urls)
    return (*found, *(real for url in found if (real := real_url(url, repository.environ)) is not None))


def push_urls(config: Config, remote: str) -> tuple[str, ...]:
    """Return the URLs that git pushes to: those of ``pushurl``, else those of ``url``."""
    urls = config.get(f"remote.{remote}.url", ())
    given = config.get(f"remote.{remote}.pushurl", ())
    aliases = [] if given else [rewritten(config, url, PUSH_INSTEAD) for url in urls]
    aliased = tuple(url for url in aliases if url is not None)
    return aliased or tuple(rewritten(config, url, INSTEAD) or url for url in given or urls)


def written_forms(config: Config, url: str) -> tuple[str, ...]:
    """Return the URLs that git would rewrite to one."""
    rewriting = (*_rules(config, INSTEAD), *_rules(config, PUSH_INSTEAD))
    return tuple(start + url.removeprefix(base) for base, start in rewriting if url.startswith(base))


def rewritten(config: Config, url: str, kind: str) -> str | None:
    """Return a URL with its longest start that is replaced, ``None`` if no start of it is.

    ``kind`` is one of the two constants of this module.
    """
    fitting = [(len(start), base + url[len(start) :]) for base, start in _rules(config, kind) if url.startswith(start)]
    return max(fitting)[1] if fitting else None


def _rules(config: Config, kind: str) -> Iterator[tuple[str, str]]:
    """Yield each replacement with the start of URLs that it replaces."""
    for key, values in config.items():
        if key.startswith("url.") and key.endswith(kind):
            yield from ((key[len("url.") : -len(kind)], start) for start in values)
