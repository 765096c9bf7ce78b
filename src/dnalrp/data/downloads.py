"""Downloads over HTTP: resumed where they broke off, and verified before they are used."""

import functools
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from tqdm.auto import tqdm
from urllib3.exceptions import HTTPError as TransferError

from dnalrp.errors import InputError
from dnalrp.provenance import checksum, written_whole

log = logging.getLogger(__name__)

MOST_REDIRECTS = 5
BLOCK = 1 << 16
_WORTH_ANOTHER_TRY = (408, 425, 429, 500, 502, 503, 504)


class _BrokenOffError(Exception):
    """An attempt that failed in a way that another may not."""


def download(
    url: str,
    destination: str | Path,
    sha256: str | None = None,
    *,
    trust_first: bool = False,
    mirror: str | Path | None = None,
    offline: bool = False,
    retries: int = 4,
    timeout: float = 60.0,
    pause: float = 1.0,
    progress: bool = False,
) -> str:
    """Put the file of a URL at ``destination``, verified; return its SHA-256.

    A transfer that breaks off is resumed where it stopped, also by a later call if the checksum
    is known. Proxies and certificates are those of the environment, as for all of requests.

    Parameters
    ----------
    url
        ``http`` or ``https``. Up to five redirects are followed, never from https to http.
    sha256
        Expected checksum, hexadecimal. A file already at ``destination`` that has it is kept.
    trust_first
        Take a file whose checksum is not known; a warning says which checksum it has, to be
        given from then on.
    mirror
        Folder on this machine; a file of the destination's name in it is taken instead, and
        verified alike.
    offline
        Never use the network.
    retries, pause
        Attempts after the first, and seconds before the first of them; each waits twice as long
        as the one before.
    timeout
        Seconds without a byte until an attempt is given up.
    progress
        Show a bar on stderr.

    Raises
    ------
    InputError
        No checksum given, no such file, another checksum, or no answer. Then nothing is left
        at ``destination``, or what was there before.
    """
    destination = Path(destination)
    if sha256 is None and not trust_first:
        raise InputError(
            f"{url}: no SHA-256 is known to verify it; give one, or trust this first download "
            "(trust_first, --trust-first) and pin the checksum that it prints"
        )
    sha256 = sha256 and sha256.lower()
    if destination.is_file() and (verified := checksum(destination)) == (sha256 or verified):
        return verified
    if copy := _mirrored(destination, mirror):
        with written_whole(destination) as beside:
            shutil.copyfile(copy, beside)
            return _verified(beside, str(copy), sha256)
    if offline:
        raise InputError(wanted_offline(destination, url, mirror))
    fetch = functools.partial(
        _fetch, retries=retries, timeout=timeout, pause=pause, progress=progress
    )
    return _transferred(url, destination, sha256, fetch)


def _transferred(
    url: str, destination: Path, sha256: str | None, fetch: Callable[[str, Path], None]
) -> str:
    """Fetch a file, from where an earlier call stopped if that can be verified."""
    partial = destination.with_name(f".{destination.name}.partial")
    destination.parent.mkdir(parents=True, exist_ok=True)
    if sha256 is None:  # nothing would tell if the part were of another file
        partial.unlink(missing_ok=True)
    try:
        resumed = partial.is_file()
        fetch(url, partial)
        if resumed and checksum(partial) != sha256:
            partial.unlink()
            fetch(url, partial)
        try:
            verified = _verified(partial, url, sha256)
        except InputError:
            partial.unlink()
            raise
        partial.replace(destination)
    finally:
        if sha256 is None:
            partial.unlink(missing_ok=True)
    return verified


def wanted_offline(destination: Path, source: str, mirror: str | Path | None) -> str:
    """What to tell a person without a network: which file is wanted, whence and where."""
    wanted_at = destination if mirror is None else Path(mirror) / destination.name
    return (
        f"{destination.name}: wanted, but offline; fetch it from {source} elsewhere and put it "
        f"at {wanted_at}"
    )


def _mirrored(destination: Path, mirror: str | Path | None) -> Path | None:
    if mirror is None:
        return None
    if not Path(mirror).is_dir():
        raise InputError(f"{mirror}: no such folder; correct 'mirror'")
    copy = Path(mirror) / destination.name
    return copy if copy.is_file() else None


def _verified(path: Path, name: str, sha256: str | None) -> str:
    actual = checksum(path)
    if sha256 is None:
        log.warning("%s: taken on trust; pin its checksum from now on: %s", name, actual)
    elif actual != sha256:
        raise InputError(
            f"{name}: SHA-256 is {actual} and not {sha256}; the file is damaged or another one, "
            "fetch it again or correct the checksum"
        )
    return actual


def _fetch(
    url: str, partial: Path, *, retries: int, timeout: float, pause: float, progress: bool
) -> None:
    """Bring ``partial`` to the whole file, in as many attempts as are allowed."""
    validator, reason = None, ""
    with requests.Session() as session:
        for attempt in range(retries + 1):
            if attempt:
                log.warning("%s: %s; trying again", url, reason)
                time.sleep(pause * 2 ** (attempt - 1))
            try:
                with _answer(
                    session, url, partial, validator=validator, timeout=timeout
                ) as response:
                    validator = _validator(response)
                    _transfer(response, partial, progress)
                return
            except _BrokenOffError as error:
                reason = str(error)
            except (requests.RequestException, TransferError) as error:
                if isinstance(error, ValueError):  # an address that no attempt makes right
                    raise InputError(f"{url}: {error}; correct the address") from error
                reason = f"{type(error).__name__}, {_shortened(error)}"
            except OSError as error:
                raise InputError(f"{partial.parent}: {error.strerror}; nothing was kept") from error
    raise InputError(
        f"{url}: download failed {retries + 1} times, at last with: {reason}; check the network, "
        "or put a copy into a mirror folder"
    )


def _shortened(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


@contextmanager
def _answer(
    session: requests.Session, url: str, partial: Path, *, validator: str | None, timeout: float
) -> Iterator[requests.Response]:
    """The server's answer to a request for what is still missing, redirects followed."""
    headers = {"Accept-Encoding": "identity"}  # the bytes themselves: they have a checksum
    if partial.is_file() and (start := partial.stat().st_size):
        headers["Range"] = f"bytes={start}-"
        if validator:
            headers["If-Range"] = validator
    address = url
    for _ in range(MOST_REDIRECTS + 1):
        response = session.get(
            address, headers=headers, timeout=timeout, stream=True, allow_redirects=False
        )
        with response:
            if not response.is_redirect:
                _check_status(response, url, partial)
                yield response
                return
            address = redirected(address, response.headers["location"])
    raise InputError(f"{url}: more than {MOST_REDIRECTS} redirects; correct the address")


def redirected(address: str, location: str) -> str:
    """Where a redirect leads; refused if it leaves HTTP or gives up its encryption."""
    target = urljoin(address, location)
    before, after = urlsplit(address).scheme, urlsplit(target).scheme
    if after not in ("http", "https") or (before == "https" and after == "http"):
        raise InputError(
            f"{address}: redirects to {target}, which is not as safe; give an https address "
            "that stays on https"
        )
    return target


def _check_status(response: requests.Response, url: str, partial: Path) -> None:
    status = response.status_code
    if status in _WORTH_ANOTHER_TRY:
        raise _BrokenOffError(f"the server answers {status} {response.reason}")
    if status == 416:  # nothing lies beyond the part that is here
        if response.headers.get("Content-Range") != f"bytes */{partial.stat().st_size}":
            partial.unlink()
            raise _BrokenOffError("the part that was here does not belong to the file")
    elif status not in (200, 206):
        raise InputError(
            f"{url}: the server answers {status} {response.reason}; correct the address, or put "
            "a copy into a mirror folder"
        )


def _validator(response: requests.Response) -> str | None:
    """What tells one version of the file from the next; weak ones do not."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _transfer(response: requests.Response, partial: Path, progress: bool) -> None:
    """Append the answer's bytes to the part that is here, or start it anew."""
    if response.status_code == 416:
        return
    start, total = 0, response.headers.get("Content-Length")
    if response.status_code == 206:
        start = partial.stat().st_size
        first, _, total = response.headers.get("Content-Range", "").partition("/")
        if not first.startswith(f"bytes {start}-"):
            partial.unlink()
            raise _BrokenOffError("the server sends another part than asked for")
    whole = int(total) if total and total.isdigit() else None
    bar = tqdm(
        desc=partial.name.strip(".").removesuffix(".partial"),
        total=whole,
        initial=start,
        unit="B",
        unit_scale=True,
        disable=not progress,
    )
    with bar, partial.open("ab" if start else "wb") as file:
        while block := response.raw.read(BLOCK, decode_content=False):
            file.write(block)
            bar.update(len(block))
    size = partial.stat().st_size
    if whole is not None and size != whole:
        raise _BrokenOffError(f"it broke off after {size} of {whole} bytes")
