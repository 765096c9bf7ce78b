"""Ground truth of sequences that were not simulated: where the motifs of each class match."""

from collections.abc import Sequence

import pandas as pd

from dnalrp.data.jaspar import Motif
from dnalrp.data.labels import has_label
from dnalrp.data.nucleotides import one_hot
from dnalrp.data.scan import SITE_COLUMNS, find_sites, scan_scores


def motif_sites(
    sequences: pd.DataFrame, motifs: Sequence[Sequence[Motif]], p_value: float
) -> pd.DataFrame:
    """Ground truth: in each class's sequences, the sites of that class's own motifs.

    Of several labels, in the sequences where a label is on.

    No class needs to have motifs; then there is no ground truth, and the table is empty.

    Parameters
    ----------
    motifs
        Of each class, in the order of the labels.
    p_value
        Up to it, a match is a site.
    """
    empty = pd.DataFrame(columns=SITE_COLUMNS).astype({"start": "int64", "end": "int64"})
    sites = []
    for label, searched in enumerate(motifs):
        labelled = sequences[has_label(sequences["label"], label)]
        if len(labelled) and searched:
            ids, encoded = labelled["id"].tolist(), one_hot(labelled["sequence"].tolist())
            sites.append(find_sites(ids, encoded, searched, p_value, role="motif"))
    return pd.concat(sites, ignore_index=True) if sites else empty


def scan_difference(sequences: pd.DataFrame, motifs: Sequence[Sequence[Motif]]) -> pd.DataFrame:
    """``id, score``: how much better the motifs of class 1 fit than those of class 0.

    Empty where no class has motifs, where there are more than two, or where a sequence may have
    several labels.
    """
    two = len(motifs) == 2 and pd.api.types.is_integer_dtype(sequences["label"])
    if not two or not any(motifs):
        return pd.DataFrame({"id": sequences["id"].iloc[:0], "score": 0.0})
    encoded = one_hot(sequences["sequence"].tolist())
    scores = [scan_scores(encoded, searched) if searched else 0.0 for searched in motifs]
    return pd.DataFrame({"id": sequences["id"], "score": scores[1] - scores[0]})
