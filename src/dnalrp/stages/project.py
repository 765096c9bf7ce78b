"""Bring token relevance to nucleotides, and nucleotide relevance to the token model's tokens."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dnalrp.attribution.storage import (
    Attributions,
    NucleotideMaps,
    StoredBatch,
    on_tokens,
    read_attributions,
    read_nucleotides,
    write_attributions,
    write_nucleotides,
)
from dnalrp.names import AVERAGE
from dnalrp.projection import to_nucleotides, to_tokens
from dnalrp.provenance import provenance
from dnalrp.results import MapName, attribution_files, average_folder
from dnalrp.stages.provisional import Project


def project(
    *,
    attributions: str | Path,
    token_model: str | Path,
    nucleotides: str | Path,
    tokens: str | Path,
    settings: Project,
) -> None:
    """Write all maps of one model by nucleotide, and by token of the token model.

    Parameters
    ----------
    attributions
        Folder of the model's relevance.
    token_model
        The same of the model on whose tokens all are judged; it may be the model itself.
    nucleotides, tokens
        Folders to write.
    """
    for folder in (nucleotides, tokens):
        Path(folder).mkdir(parents=True)
    reference = on_tokens(map(read_attributions, attribution_files(token_model).values()))
    for method, path in attribution_files(attributions).items():
        maps = read_attributions(path)
        split = by_nucleotide(maps, "split")
        for projection in settings.to_nucleotides:
            record = provenance("project", {"map": projection}, [path])
            file = Path(nucleotides) / MapName(method, projection).file
            made = split if projection == "split" else by_nucleotide(maps, projection)
            write_nucleotides(file, made, record)
        for pooling in settings.to_tokens:
            record = provenance("project", {"map": pooling}, [path, token_model])
            batch = _by_token(maps, split.relevance, reference.spans, pooling)
            file = Path(tokens) / MapName(method, pooling).file
            write_attributions(file, [batch], record)
    for method, path in attribution_files(average_folder(attributions)).items():
        record = provenance("project", {"map": AVERAGE}, [path])
        file = Path(nucleotides) / MapName(method, AVERAGE).file
        write_nucleotides(file, read_nucleotides(path), record)


def by_nucleotide(maps: Attributions, projection: str) -> NucleotideMaps:
    """Relevance of every nucleotide from that of tokens."""
    relevance = np.zeros((len(maps.ids), maps.lengths.max()), dtype=np.float32)
    for row, length in enumerate(maps.lengths):
        values = to_nucleotides(maps.relevance[row], maps.spans[row], int(length), projection)
        relevance[row, :length] = values
    return NucleotideMaps(maps.ids, maps.lengths, relevance, maps.outputs)


def _by_token(
    maps: Attributions,
    relevance: npt.NDArray[np.float32],
    spans: Sequence[npt.NDArray[np.int64]],
    pooling: str,
) -> StoredBatch:
    """Relevance of other tokens, by their spans, from that of nucleotides."""
    return StoredBatch(
        ids=maps.ids,
        lengths=maps.lengths.tolist(),
        relevance=[
            to_tokens(row, row_spans, pooling)
            for row, row_spans in zip(relevance, spans, strict=True)
        ],
        spans=spans,
        logits=maps.logits,
        outputs=maps.outputs,
        ledger=None,
    )
