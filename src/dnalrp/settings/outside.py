"""What settings name outside of themselves: files, checkpoints, folders, motifs of JASPAR."""

import os
import sqlite3
from importlib.util import find_spec
from pathlib import Path

from dnalrp.data.local import checked_url, is_url
from dnalrp.errors import InputError
from dnalrp.models.checkpoints import find_checkpoint
from dnalrp.models.pretraining_settings import FROM_PRETRAINING
from dnalrp.settings.configuration import Configuration


def check_outside(configuration: Configuration) -> None:
    """Refuse settings that name what is not there, before anything is computed.

    Raises
    ------
    InputError
        One line: the key, the offending value and the cure.
    """
    check_motifs(configuration)
    _check_results(configuration.results)
    for name, model in configuration.models.items():
        if model.pretrained not in (None, FROM_PRETRAINING):
            try:
                find_checkpoint(model.pretrained)
            except InputError as error:
                raise InputError(f"models.{name}.pretrained: {error}") from error
    for name, dataset in configuration.datasets.items():
        for key, location in dataset.locations().items():
            _check_file(f"datasets.{name}.{key}", location)
        try:
            dataset.check_files()
        except InputError as error:
            raise InputError(f"datasets.{name}.{error}") from error


def _check_file(key: str, location: str) -> None:
    if is_url(location):
        try:
            checked_url(location)
        except InputError as error:
            raise InputError(f"{key}: {error}") from error
        return
    path = Path(location)
    if path.is_dir():
        raise InputError(f"{key}: {location} is a folder; give the file itself")
    if not path.exists():
        raise InputError(f"{key}: no such file {location}; correct the path or put it there")
    if not os.access(path, os.R_OK):
        raise InputError(f"{key}: {location} may not be read; correct its permissions")
    if path.stat().st_size == 0:
        raise InputError(f"{key}: {location} is empty; fetch or write it again")


def _check_results(folder: str) -> None:
    from dnalrp.provenance import check_folder  # here: it imports pandas

    if "{" in folder or "}" in folder:
        raise InputError(f"results: {folder!r} holds a brace; leave it out")
    check_folder(folder, "results:")


def check_motifs(configuration: Configuration) -> None:
    """Refuse motifs that the release of JASPAR lacks, and decoys of a motif's family.

    Raises
    ------
    InputError
        One line: the key, the id and the cure.
    """
    families = families_of(configuration.jaspar)
    for name, dataset in configuration.datasets.items():
        listed = dataset.motif_ids()
        for key, ids in listed.items():
            for motif_id in ids:
                if motif_id not in families:
                    raise InputError(
                        f"datasets.{name}.{key}: {configuration.jaspar} has no matrix "
                        f"{motif_id!r}; look up the id, for example MA0139 or MA0139.2"
                    )
        planted = set().union(*(families[motif_id] for motif_id in listed.get("motifs", ())))
        for decoy in listed.get("decoys", ()):
            if shared := families[decoy] & planted:
                raise InputError(
                    f"datasets.{name}.decoys: {decoy} is of the family {min(shared)!r} of a "
                    "planted motif; choose another decoy"
                )


def families_of(release: str) -> dict[str, set[str]]:
    """Families by matrix id, with and without version, of all matrices of a release of JASPAR.

    Read from the database file itself: importing pyjaspar would take longer than all the rest.
    """
    spec = find_spec("pyjaspar")
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / "data" / f"{release}.sqlite"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT BASE_ID, VERSION, VAL FROM MATRIX LEFT JOIN MATRIX_ANNOTATION "
            "ON MATRIX.ID = MATRIX_ANNOTATION.ID AND TAG = 'family' ORDER BY VERSION"
        ).fetchall()
    finally:
        connection.close()
    families: dict[str, set[str]] = {}
    for base, version, family in rows:
        families.setdefault(f"{base}.{version}", set()).update([family] if family else [])
        families[base] = families[f"{base}.{version}"]  # the latest version comes last
    return families
