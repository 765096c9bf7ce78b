"""The control: standard normal noise in place of relevance."""

from zlib import crc32

import numpy as np

from dnalrp.attribution.batch import Batch, BatchRelevance
from dnalrp.attribution.options import Options


def relevance(batch: Batch, options: Options) -> BatchRelevance:
    """A value a token, seeded by the sequence alone."""
    return BatchRelevance(
        [
            np.random.default_rng(crc32(sequence.encode()))
            .standard_normal(len(spans))
            .astype(np.float32)
            for sequence, spans in zip(batch.sequences, batch.spans, strict=True)
        ]
    )
