"""Strict reading of text files: plain or gzip, whatever their name says."""

import gzip
import io
import logging
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from dnalrp.errors import InputError

log = logging.getLogger(__name__)
GZIP = b"\x1f\x8b"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"\x1aE\xdf\xa3": "a binary file",
    b"BAM\x01": "a BAM file",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a parquet file",
}


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file to read its bytes, unpacked where its content, not its name, is gzip or bgzip.

    Raises
    ------
    InputError
        No such file, a folder, no permission, an empty file, or another compression.
    """
    path = Path(path)
    try:
        handle = path.open("rb")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; correct the path") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; give the file itself") from error
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); correct its permissions or the path"
        ) from error
    with handle:
        head = handle.read(8)
        handle.seek(0)
        if not head:
            raise InputError(f"{path}: the file is empty; fetch or write it again")
        for magic, what in _OTHER_FORMATS.items():
            if head.startswith(magic):
                raise InputError(f"{path}: is {what}; give plain text or gzip")
        if head.startswith(GZIP):
            with gzip.open(handle, "rb") as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield handle


def read_blocks(path: str | Path, size: int = 1 << 22) -> Iterator[bytes]:
    """The unpacked bytes of a file, in blocks.

    Raises
    ------
    InputError
        As for :func:`opened`, or a gzip file that is truncated or damaged.
    """
    with opened(path) as handle:
        try:
            while block := handle.read(size):
                yield block
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{path}: the gzip file is truncated or damaged; fetch or write it again"
            ) from error


def read_text(path: str | Path) -> str:
    """Content of a text file; a byte order mark is left out, line ends become ``\\n``.

    What is not UTF-8 reads as Windows-1252, in which older programs save a column of names or
    notes, and the log says so; control characters tell a binary file from it.

    Raises
    ------
    InputError
        As for :func:`read_blocks`, or the file is not text, or holds nothing but space.
    """
    data = b"".join(read_blocks(path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if _CONTROL.search(data):
            raise InputError(
                f"{path}: not a text file; give plain text in UTF-8, or gzip"
            ) from error
        text = _as_windows_1252(data, path)
    if "\0" in text:
        raise InputError(f"{path}: not a text file; give plain text in UTF-8, or gzip")
    if not text.strip():
        raise InputError(f"{path}: the file is empty; fetch or write it again")
    return io.StringIO(text, newline=None).read()


def read_lines(path: str | Path) -> Iterator[bytes]:
    """The unpacked lines of a file one by one, as bytes without their ends, whatever these are.

    For files that are too large to be held as text.

    Raises
    ------
    InputError
        As for :func:`read_blocks`.
    """
    pieces: list[bytes] = []  # of a line that is longer than a block
    for block in read_blocks(path):
        # a block may end between the two halves of a line end
        cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
        if pieces and pieces[-1].endswith(b"\r") and not block.startswith(b"\n"):
            yield from b"".join(pieces).splitlines()
            pieces = []
        if cut:
            yield from b"".join([*pieces, block[:cut]]).splitlines()
            pieces = []
        pieces.append(block[cut:])
    yield from b"".join(pieces).splitlines()


def _as_windows_1252(data: bytes, path: str | Path) -> str:
    number = next(
        number for number, line in enumerate(data.splitlines(), start=1) if not _is_utf8(line)
    )
    log.warning("%s, line %d: not UTF-8; the file is read as Windows-1252", path, number)
    return data.decode("cp1252", errors="replace")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
