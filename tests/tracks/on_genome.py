"""Sequences of a small genome on either strand, and maps of them."""

import numpy as np
import pandas as pd
from conftest import nucleotide_maps

from dnalrp.data.nucleotides import reverse_complement
from dnalrp.settings.tracks import Tracks

SETTINGS = Tracks(map="split", signs="signed", assembly="hg19", chromosome_sizes=None)
COLUMNS = ["id", "sequence", "chrom", "start", "end", "strand"]
RNG = np.random.default_rng(0)
GENOME = "".join(RNG.choice(list("ACGT"), 400))


def windows(*places):
    """Sequences of the genome, the id and the relevance of a base telling where they are from."""
    rows = []
    for start, end, strand in places:
        text = GENOME[start:end]
        text = reverse_complement(text) if strand == "-" else text
        rows.append((f"{start}-{end}{strand}", text, "chr1", start, end, strand))
    return pd.DataFrame(rows, columns=COLUMNS)


def maps_of(sequences):
    """Maps whose values are the base's position on the genome, and 1000 + its own without one."""
    lengths = sequences["sequence"].str.len().to_numpy()
    relevance = np.full((len(sequences), lengths.max()), np.nan, dtype=np.float32)
    for row, own in enumerate(sequences.itertuples()):
        places = np.arange(lengths[row]) + (1000 if pd.isna(own.start) else own.start)
        relevance[row, : lengths[row]] = places[::-1] if own.strand == "-" else places
    return nucleotide_maps(sequences["id"].tolist(), lengths, relevance, np.zeros(len(lengths)))
