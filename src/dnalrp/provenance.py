"""What made a file: program versions, settings, seed and checksums of the inputs."""

import errno
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dnalrp import __version__
from dnalrp.errors import InputError


class Record(TypedDict):
    """What makes a file: stage, settings with the seed, checksums of inputs, versions."""

    stage: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    versions: dict[str, str]


KEY = b"dnalrp"
RECORDED_PACKAGES = ("torch", "transformers", "tangermeme", "modisco-lite", "pyjaspar")


def checksum(path: str | Path) -> str:
    """SHA-256 of a file, or of all files of a folder taken by name, in hexadecimal."""
    path = Path(path)
    digest = hashlib.sha256()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            if file.name.startswith(".snakemake"):
                continue
            digest.update(file.relative_to(path).as_posix().encode())
        with file.open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def provenance(
    stage: str, settings: Mapping[str, Any], inputs: Iterable[str | Path] = ()
) -> Record:
    """Record of what makes a file, ready for :func:`json.dumps`.

    ``settings`` holds everything that the result depends on, the seed included; ``inputs`` are
    the files read, each recorded by its checksum.
    """
    return {
        "stage": stage,
        "settings": dict(settings),
        "inputs": {str(path): checksum(path) for path in inputs},
        "versions": {"dnalrp": __version__, "python": platform.python_version()}
        | {name: version(name) for name in RECORDED_PACKAGES},
    }


def digest(value: Any) -> str:
    """Short name for settings or records: equal for equal content, in whatever order."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Path beside ``path`` to write to; renamed to it at the end, deleted on an error.

    Two processes that write one file do not meet: the later one's is kept.

    Raises
    ------
    InputError
        A full disk, a folder that is a file, no permission to write.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); choose another place"
        ) from error
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(f"{path}: no space left to write it; free some and run again") from error
    finally:
        beside.unlink(missing_ok=True)


def check_folder(folder: str | Path, option: str) -> None:
    """Refuse a folder that could not be written into, before the work is done; makes nothing.

    Raises
    ------
    InputError
        A file lies where the folder should, or may not be written into; opened by ``option``.
    """
    existing = Path(folder).absolute()
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir():
        raise InputError(f"{option} {folder}: {existing} is a file; give another folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise InputError(f"{option} {folder}: {existing} may not be written; give another folder")


def write_table(frame: pd.DataFrame, path: str | Path, record: Record) -> None:
    """Write a data frame as parquet, whole or not at all, with its provenance in the header."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata(
        {**(table.schema.metadata or {}), KEY: json.dumps(record).encode()}
    )
    with written_whole(path) as beside:
        pq.write_table(table, beside)


def read_provenance(path: str | Path) -> dict[str, Any]:
    """Provenance record of a parquet table written by :func:`write_table`."""
    return json.loads(pq.read_schema(path).metadata[KEY])


def write_record(path: str | Path, record: Record) -> None:
    """Write a provenance record as JSON, whole or not at all."""
    with written_whole(path) as beside:
        beside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
