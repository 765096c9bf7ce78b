"""Label, split and scan the sequences of a data set that is not simulated."""

import logging
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dnalrp.data.labels import has_label
from dnalrp.data.prepare import motif_sites
from dnalrp.data.sources import prepare as prepared
from dnalrp.data.sources import scan_difference
from dnalrp.provenance import provenance, write_table, written_whole
from dnalrp.stages.provisional import Downloads

log = logging.getLogger(__name__)


def prepare(
    *,
    settings: Mapping[str, Any],
    jaspar: str,
    downloads: Downloads,
    sequences: str | Path,
    sites: str | Path,
    scan: str | Path,
    dropped: str | Path,
    archive: str | Path | None = None,
    inputs: Sequence[str | Path] = (),
) -> None:
    """Write the sequences of a data set, their true sites, and what was left out.

    Parameters
    ----------
    settings
        A data set of any source that is not simulated.
    jaspar
        Release of JASPAR that the motifs are of.
    sequences, sites, scan, dropped
        Tables to write.
    archive
        The wheel of a data set of peaks that has one.
    inputs
        Local files that are read, for the record.

    Raises
    ------
    InputError
        A file that cannot be had or is not what it should be.
    """
    with tempfile.TemporaryDirectory(dir=Path(sequences).parent) as folder:
        path = None if archive is None else Path(archive)
        cleaned, classes = prepared(
            settings,
            jaspar,
            Path(folder),
            path,
            mirror=downloads.mirror,
            offline=downloads.offline,
        )
    kept, left_out = cleaned
    true_sites = motif_sites(kept, classes, settings["site_p_value"])
    files = [*inputs, *([] if archive is None else [archive])]
    record = provenance("data", {"dataset": dict(settings), "jaspar": jaspar}, files)
    write_table(kept, sequences, record)
    write_table(true_sites, sites, record)
    write_table(scan_difference(kept, classes), scan, record)
    with written_whole(dropped) as beside:
        left_out.to_csv(beside, sep="\t", index=False)
    on = {entry.name: has_label(kept["label"], label) for label, entry in enumerate(classes)}
    log.info("%s", pd.DataFrame(on).groupby(kept["split"]).sum().to_string())
    reasons = ", ".join(f"{n} {why}" for why, n in left_out["reason"].value_counts().items())
    log.info("dropped %d (%s)", len(left_out), reasons or "none")
    log.info("%d sites of the true motifs", len(true_sites))
