"""From a data set's settings to its sequences: one function a source."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from dnalrp.data.fetch import extract
from dnalrp.data.genome import Genome
from dnalrp.data.jaspar import Motif, fetch_motifs
from dnalrp.data.leakage import Cleaned
from dnalrp.data.local import local_copy
from dnalrp.data.nucleotides import one_hot
from dnalrp.data.prepare import (
    IntervalClass,
    NamedClass,
    PeakClass,
    prepare_fasta,
    prepare_intervals,
    prepare_peaks,
    prepare_table,
    with_background,
)
from dnalrp.data.scan import scan_scores
from dnalrp.provenance import digest


class Source(NamedTuple):
    """A data set's settings and where it may find and put files.

    ``motifs`` are those of each class; ``folder`` exists and is the caller's to remove;
    ``archive`` is the wheel of a data set of peaks that has one.
    """

    settings: Mapping[str, Any]
    motifs: Sequence[Sequence[Motif]]
    folder: Path
    archive: Path | None = None
    mirror: str | None = None
    offline: bool = False

    def paths(self, locations: Sequence[str]) -> list[Path]:
        """The files of paths and URLs; URLs are downloaded into a folder of their own each."""
        return [
            local_copy(
                location,
                self.folder / digest(location),
                mirror=self.mirror,
                offline=self.offline,
            )
            for location in locations
        ]


Prepared = tuple[Cleaned, Sequence[PeakClass | IntervalClass | NamedClass]]


def prepare(
    settings: Mapping[str, Any],
    release: str,
    folder: Path,
    archive: Path | None = None,
    mirror: str | None = None,
    offline: bool = False,
) -> Prepared:
    """Sequences of a data set, and its classes in the order of their labels.

    Parameters
    ----------
    settings
        A data set as in ``config.yaml``, of any source that is not simulated.
    release
        Of JASPAR.
    folder
        An existing folder for downloads, unpacked files and an index; the caller removes it.
    archive
        The wheel of a data set of peaks that has one.
    mirror, offline
        For files given by URL: see :func:`dnalrp.data.downloads.download`.
    """
    motifs = [fetch_motifs(entry["motifs"], release) for entry in settings["classes"]]
    return _SOURCES[settings["source"]](Source(settings, motifs, folder, archive, mirror, offline))


def scan_difference(
    sequences: pd.DataFrame, classes: Sequence[PeakClass | IntervalClass | NamedClass]
) -> pd.DataFrame:
    """``id, score``: how much better the motifs of class 1 fit than those of class 0.

    Empty where no class has motifs, where there are more than two, or where a sequence may have
    several labels.
    """
    two = len(classes) == 2 and pd.api.types.is_integer_dtype(sequences["label"])
    if not two or not any(own.motifs for own in classes):
        return pd.DataFrame({"id": sequences["id"].iloc[:0], "score": 0.0})
    encoded = one_hot(sequences["sequence"].tolist())
    scores = [scan_scores(encoded, own.motifs) if own.motifs else 0.0 for own in classes]
    return pd.DataFrame({"id": sequences["id"], "score": scores[1] - scores[0]})


def _peaks(source: Source) -> Prepared:
    classes = [
        PeakClass(
            entry["name"],
            extract(source.archive, entry["fasta"], source.folder)
            if source.archive
            else source.paths(entry["fasta"]),
            motifs,
        )
        for entry, motifs in zip(source.settings["classes"], source.motifs, strict=True)
    ]
    return prepare_peaks(classes, source.settings["splits"]), classes


def _table(source: Source) -> Prepared:
    settings = source.settings
    classes = [
        NamedClass(entry["name"], motifs)
        for entry, motifs in zip(settings["classes"], source.motifs, strict=True)
    ]
    names = [name for name in ("train", "dev", "test", "all") if name in settings["files"]]
    paths = source.paths([settings["files"][name] for name in names])
    files = dict(zip(names, paths, strict=True))
    low, high = settings["lengths"]
    several = settings.get("several_labels", False)
    return prepare_table(files, settings["splits"], classes, (low, high), several), classes


def _fasta(source: Source) -> Prepared:
    settings, negatives = source.settings, _with_paths(source)
    classes = [
        PeakClass(entry["name"], source.paths(entry["fasta"]), motifs)
        for entry, motifs in zip(settings["classes"], source.motifs, strict=True)
    ]
    low, high = settings["lengths"]
    cleaned = prepare_fasta(classes, settings["splits"], (low, high), negatives)
    return cleaned, with_background(classes, negatives)


def _intervals(source: Source) -> Prepared:
    settings, negatives = source.settings, _with_paths(source)
    classes = [
        IntervalClass(entry["name"], source.paths(entry["bed"]), motifs)
        for entry, motifs in zip(settings["classes"], source.motifs, strict=True)
    ]
    (path,) = source.paths([settings["genome"]])
    with Genome(path, source.folder, settings["aliases"]) as genome:
        cleaned = prepare_intervals(
            classes,
            genome,
            settings["length"],
            settings["splits"],
            source.paths(settings["blacklist"]),
            negatives,
        )
    return cleaned, with_background(classes, negatives)


def _with_paths(source: Source) -> dict[str, Any] | None:
    """The settings of the negatives, their files as paths."""
    negatives = source.settings["negatives"]
    if negatives is None or "files" not in negatives:
        return negatives
    return {**negatives, "files": source.paths(negatives["files"])}


_SOURCES: dict[str, Callable[[Source], Prepared]] = {
    "peaks": _peaks,
    "table": _table,
    "fasta": _fasta,
    "intervals": _intervals,
}
