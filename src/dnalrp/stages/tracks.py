"""Write the maps of one model in the formats that browsers and other programs read."""

import logging
from pathlib import Path

import pandas as pd

from dnalrp.provenance import provenance, write_record
from dnalrp.results import PROVENANCE, maps_of
from dnalrp.settings.tracks import Tracks
from dnalrp.tracks.writing import write_tracks

log = logging.getLogger(__name__)


def tracks(
    *,
    sequences: str | Path,
    nucleotides: str | Path,
    motifs: str | Path,
    tracks: str | Path,
    settings: Tracks,
    p_value: float,
    q_value: float = 0.05,
) -> None:
    """Write a folder of tables, arrays and, where coordinates are known, tracks of every method.

    Parameters
    ----------
    sequences
        Table of the data set.
    nucleotides, motifs
        Folders of the model's maps and of its motifs.
    tracks
        Folder to write.
    p_value, q_value
        As those of ``motifs``: what a match must have to name a pattern's seqlets.
    """
    table = pd.read_parquet(sequences)
    folder = Path(tracks)
    folder.mkdir(parents=True)
    given = {**settings.model_dump(mode="json"), "p_value": p_value, "q_value": q_value}
    for method, path in maps_of(nucleotides, settings.map).items():
        written = write_tracks(
            path,
            table,
            folder,
            method,
            settings=settings,
            motifs=Path(motifs) / method,
            p_value=p_value,
            q_value=q_value,
        )
        log.info("%s: %s", method, ", ".join(written))
    write_record(folder / PROVENANCE, provenance("tracks", given, [nucleotides, motifs]))
