"""Files that settings name by path or by URL."""

import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from dnalrp.errors import InputError

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:/")
_CHECKSUM = re.compile(r"^sha256=[0-9a-f]{64}$")
SCHEMES = ("https", "http")


def is_url(location: str) -> bool:
    """Whether a location is a URL, right or wrong, and not a path."""
    return bool(_SCHEME.match(location))


def checked_url(url: str) -> str:
    """``url``, refused unless it names a file on a host, with at most a checksum after ``#``."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise InputError(f"{url}: a URL begins with {', '.join(SCHEMES)}, or give a path")
    if not parts.hostname or not PurePosixPath(parts.path).name:
        raise InputError(f"{url}: the URL names no file on a host; write https://host/file")
    if parts.fragment and not _CHECKSUM.match(parts.fragment):
        raise InputError(f"{url}: what follows '#' is not 'sha256=' and 64 hexadecimal digits")
    return url


def local_copy(
    location: str,
    folder: str | Path,
    *,
    mirror: str | Path | None = None,
    offline: bool = False,
    **patience: Any,
) -> Path:
    """Path of the file that ``location`` names, downloaded into ``folder`` if it is a URL.

    ``https://host/file#sha256=...`` is verified after the download; without a checksum the file
    is taken on trust and a warning says which one it has. ``mirror``, ``offline`` and others are
    those of :func:`dnalrp.data.downloads.download`.

    Raises
    ------
    InputError
        A malformed URL, a failed download or another checksum. Then nothing is left behind.
    """
    if not is_url(location):
        return Path(location)
    from dnalrp.data.downloads import download

    parts = urlsplit(checked_url(location))
    target = Path(folder) / unquote(PurePosixPath(parts.path).name)
    url, expected = parts._replace(fragment="").geturl(), parts.fragment.removeprefix("sha256=")
    download(
        url,
        target,
        expected or None,
        trust_first=not expected,
        mirror=mirror,
        offline=offline,
        **patience,
    )
    return target
