"""Label, split and scan the sequences of a data set, or simulate them."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from dnalrp.data.labels import has_label
from dnalrp.data.sources.catalogue import DatasetSection, Prepared, Supply
from dnalrp.data.sources.catalogue import prepare as prepared
from dnalrp.provenance import provenance, write_table, written_whole
from dnalrp.settings.downloads import Downloads

log = logging.getLogger(__name__)


def prepare(
    *,
    settings: DatasetSection,
    jaspar: str,
    downloads: Downloads | None = None,
    sequences: str | Path,
    sites: str | Path,
    scan: str | Path | None = None,
    dropped: str | Path | None = None,
    archive: str | Path | None = None,
    inputs: Sequence[str | Path] = (),
) -> Prepared:
    """Write the sequences of a data set, their true sites, and what was left out.

    Parameters
    ----------
    settings
        A data set of any source.
    jaspar
        Release of JASPAR that the motifs are of.
    sequences, sites, scan, dropped
        Tables to write; of what is simulated nothing is dropped.
    archive
        The wheel of a data set of peaks that has one.
    inputs
        Local files that are read, for the record.

    Raises
    ------
    InputError
        A file that cannot be had or is not what it should be.
    """
    with _working_folder(Path(sequences).parent) as folder:
        supply = Supply(
            jaspar=jaspar,
            folder=folder,
            archive=None if archive is None else Path(archive),
            mirror=downloads.mirror if downloads else None,
            offline=downloads.offline if downloads else False,
        )
        dataset = prepared(settings, supply)
    files = [*inputs, *([] if archive is None else [archive])]
    recorded = {"dataset": settings.model_dump(mode="json", exclude_unset=True), "jaspar": jaspar}
    record = provenance("data", recorded, files)
    write_table(dataset.sequences, sequences, record)
    write_table(dataset.sites, sites, record)
    if scan is not None:
        write_table(dataset.scan, scan, record)
    if dropped is not None:
        with written_whole(dropped) as whole:
            dataset.dropped.to_csv(whole, sep="\t", index=False)
    _tell(dataset)
    return dataset


@contextmanager
def _working_folder(parent: Path) -> Iterator[Path]:
    """A folder for downloads and indices, which may be large, beside what is written.

    After a mistake ``parent`` is gone too if it was made for it.
    """
    made = not parent.exists()
    parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            yield Path(folder)
    except BaseException:
        if made and not any(parent.iterdir()):
            parent.rmdir()
        raise


def _tell(dataset: Prepared) -> None:
    """What there is of each class in each split, and what was left out."""
    labels, splits = dataset.sequences["label"], dataset.sequences["split"]
    on = {name: has_label(labels, label) for label, name in enumerate(dataset.class_names)}
    counts = pd.DataFrame(on).groupby(splits).sum() if on else splits.value_counts()
    log.info("%s", counts.to_string())
    reasons = dataset.dropped["reason"].value_counts() if len(dataset.dropped) else pd.Series()
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    log.info(
        "dropped %d (%s), %d true sites", len(dataset.dropped), told or "none", len(dataset.sites)
    )
