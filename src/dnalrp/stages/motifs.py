"""Discover motifs on the maps of one model, name them, and look for the true ones."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from dnalrp.attribution.storage import read_nucleotides
from dnalrp.data.jaspar import Motif, core_vertebrates, fetch_motifs
from dnalrp.data.nucleotides import one_hot
from dnalrp.motifs.discovery import discover_patterns, read_seqlets
from dnalrp.motifs.matching import match_patterns, recovered_motifs
from dnalrp.provenance import provenance, write_record, written_whole
from dnalrp.results import MATCHES, PATTERNS, PROVENANCE, RECOVERY, SEQLETS, maps_or_split
from dnalrp.settings.motifs import Motifs

log = logging.getLogger(__name__)


def motifs(
    *,
    sequences: str | Path,
    nucleotides: str | Path,
    motifs: str | Path,
    settings: Motifs,
    true_motifs: Mapping[str, Sequence[str]],
    jaspar: str,
) -> None:
    """Write a folder for every method: its patterns, their seqlets and matches, what was recovered.

    Parameters
    ----------
    sequences
        Table of the data set.
    nucleotides
        Folder of the model's maps.
    motifs
        Folder to write.
    true_motifs
        Ids of the motifs that should be found, by the sign of their relevance.
    jaspar
        Release of JASPAR that patterns are matched against.
    """
    truth: dict[str, Sequence[Motif]] = {
        sign: fetch_motifs(ids, jaspar) for sign, ids in true_motifs.items()
    }
    targets = core_vertebrates(jaspar)
    texts = pd.read_parquet(sequences).set_index("id")["sequence"]
    recorded = settings.model_dump(mode="json")
    recorded = {"settings": recorded, "true_motifs": dict(true_motifs), "jaspar": jaspar}
    for method, path in maps_or_split(nucleotides, settings.map).items():
        folder = Path(motifs) / method
        folder.mkdir(parents=True)
        recovery = _of_one_method(
            path, folder, texts=texts, settings=settings, truth=truth, targets=targets
        )
        write_record(folder / PROVENANCE, provenance("motifs", recorded, [path]))
        recovered = int(recovery["recovered"].sum())
        log.info("%s: %d of %d true motifs", method, recovered, len(recovery))


def _of_one_method(
    path: Path,
    folder: Path,
    *,
    texts: pd.Series,
    settings: Motifs,
    truth: dict[str, Sequence[Motif]],
    targets: Sequence[Motif],
) -> pd.DataFrame:
    """Write what was found in one file of maps; returns the recovery of the true motifs."""
    maps = read_nucleotides(path)
    encoded = one_hot(texts[maps.ids].tolist())
    patterns = discover_patterns(
        maps.padded(),
        encoded,
        settings,
        folder / PATTERNS,
        lengths=maps.lengths.tolist(),
        method=folder.name,
    )
    matches = match_patterns(patterns, targets, settings.min_information)
    recovery = recovered_motifs(matches, truth, targets, settings.p_value, level=settings.q_value)
    seqlets = read_seqlets(folder / PATTERNS, maps.ids, settings)
    for name, table in ((SEQLETS, seqlets), (MATCHES, matches), (RECOVERY, recovery)):
        with written_whole(folder / name) as beside:
            table.to_csv(beside, sep="\t", index=False)
    log.info("%s: %d patterns", folder.name, len(patterns))
    return recovery
