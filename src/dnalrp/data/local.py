"""Files that settings name by path or by URL."""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from dnalrp.errors import InputError

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:/")
_CHECKSUM = re.compile(r"^sha256=[0-9a-f]{64}$")
SCHEMES = ("https", "http", "ftp")


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


def local_copy(location: str, folder: str | Path) -> Path:
    """Path of the file that ``location`` names, downloaded into ``folder`` if it is a URL.

    ``https://host/file#sha256=...`` is verified after the download.

    Raises
    ------
    InputError
        A malformed URL, a failed download or another checksum. Then nothing is left behind.
    """
    if not is_url(location):
        return Path(location)
    import urllib.error
    import urllib.request

    from dnalrp.provenance import checksum, written_whole

    parts = urlsplit(checked_url(location))
    target = Path(folder) / unquote(PurePosixPath(parts.path).name)
    with written_whole(target) as beside:
        try:
            urllib.request.urlretrieve(parts._replace(fragment="").geturl(), beside)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            raise InputError(
                f"{location}: download failed ({error}); check the URL and the network, or give "
                "the path of a copy"
            ) from error
        expected, found = parts.fragment.removeprefix("sha256="), checksum(beside)
        if expected and found != expected:
            raise InputError(
                f"{location}: SHA-256 is {found}; the download is damaged or another file, fetch "
                "it again or correct the checksum"
            )
    return target
