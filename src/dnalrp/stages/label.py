"""One label of a data set of several: as a data set of its own, and as a model of its own."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from dnalrp.data.jaspar import fetch_motifs
from dnalrp.data.labels import Labels, of_one_label, sites_of_one_label
from dnalrp.data.sources.fields import NamedClass
from dnalrp.data.truth import scan_difference
from dnalrp.provenance import provenance, write_table
from dnalrp.results import HISTORY, PREDICTIONS

log = logging.getLogger(__name__)


class Label(NamedClass):
    """One of the labels of a data set with several a sequence: its name, motifs and number."""

    number: int
    """Its place among the labels, from 0."""


def label_data(
    *,
    whole_sequences: str | Path,
    whole_sites: str | Path,
    label: Label,
    jaspar: str,
    sequences: str | Path,
    sites: str | Path,
    scan: str | Path,
) -> None:
    """Write the data set of one label: class 1 where it is on.

    Parameters
    ----------
    whole_sequences, whole_sites
        Tables of the data set of several labels.
    jaspar
        Release of JASPAR that the label's motifs are of.
    sequences, sites, scan
        Tables to write.
    """
    motifs = fetch_motifs(label.motifs, jaspar)
    labelled = of_one_label(pd.read_parquet(whole_sequences), label.number)
    ids = [motif.matrix_id for motif in motifs]
    labelled_sites = sites_of_one_label(pd.read_parquet(whole_sites), labelled, ids)
    settings = {"label": label.model_dump(mode="json"), "jaspar": jaspar}
    record = provenance("label", settings, [whole_sequences, whole_sites])
    write_table(labelled, sequences, record)
    write_table(labelled_sites, sites, record)
    write_table(scan_difference(labelled, [[], motifs]), scan, record)
    on, true = labelled["label"].sum(), (labelled_sites["role"] == "motif").sum()
    log.info("on in %d of %d sequences, %d true sites", on, len(labelled), true)


def label_model(
    *, sequences: str | Path, whole: str | Path, label: Label, model: str | Path
) -> pd.DataFrame:
    """Cut a model of several labels to one of them: two classes, off and on, and its predictions.

    Parameters
    ----------
    sequences
        Table of the label's own data set.
    whole
        Folder of the trained model of several labels.
    model
        Folder to write.

    Returns
    -------
    pandas.DataFrame
        Performance by split.
    """
    from dnalrp.models.loading import load
    from dnalrp.models.one_label import one_label
    from dnalrp.stages.predictions import write_predictions

    folder = Path(model)
    cut = one_label(load(whole), label.number, label.name)
    cut.save_pretrained(folder)
    cut.tokenizer.save_pretrained(folder)
    settings = {"label": label.model_dump(mode="json")}
    record = provenance("label", settings, [sequences, whole])
    table = pd.read_parquet(sequences)
    unseen = table[table["split"] != "train"]
    predicted = pd.read_parquet(Path(whole) / PREDICTIONS).set_index("id")
    logit = predicted.loc[unseen["id"], f"logit_{label.number}"].to_numpy()
    logits = np.stack([np.zeros_like(logit), logit], axis=1)
    labels = Labels(unseen["label"].to_numpy(), classes=2)
    shutil.copy(Path(whole) / HISTORY, folder)
    return write_predictions(folder, unseen, labels, logits, record=record)
