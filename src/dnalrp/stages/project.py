"""Bring token relevance to nucleotides, and nucleotide relevance to the token model's tokens."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dnalrp.attribution.maps import RelevanceMaps, nucleotide_spans
from dnalrp.attribution.storage import (
    on_tokens,
    read_attributions,
    read_nucleotides,
    write_attributions,
    write_nucleotides,
)
from dnalrp.names import AVERAGE
from dnalrp.projection import to_tokens
from dnalrp.provenance import provenance
from dnalrp.results import MapName, attribution_files, average_folder
from dnalrp.settings.project import Project


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
    token_inputs = provenance("project", {}, [token_model])["inputs"]  # a checksum that takes time
    for method, path in attribution_files(attributions).items():
        maps = read_attributions(path)
        split = by_nucleotide(maps, "split")
        record = provenance("project", {}, [path])
        record_of_tokens = record | {"inputs": {**record["inputs"], **token_inputs}}
        for projection in settings.to_nucleotides:
            file = Path(nucleotides) / MapName(method, projection).file
            made = split if projection == "split" else by_nucleotide(maps, projection)
            write_nucleotides(file, made, record | {"settings": {"map": projection}})
        for pooling in settings.to_tokens:
            batch = _by_token(maps, split, reference.spans, pooling)
            file = Path(tokens) / MapName(method, pooling).file
            write_attributions(file, [batch], record_of_tokens | {"settings": {"map": pooling}})
    for method, path in attribution_files(average_folder(attributions)).items():
        record = provenance("project", {"map": AVERAGE}, [path])
        file = Path(nucleotides) / MapName(method, AVERAGE).file
        write_nucleotides(file, read_nucleotides(path), record)


def by_nucleotide(maps: RelevanceMaps, projection: str) -> RelevanceMaps:
    """Relevance of every nucleotide from that of tokens."""
    rows = zip(maps.nucleotides(projection), maps.lengths, strict=True)
    return RelevanceMaps(
        ids=maps.ids,
        lengths=maps.lengths,
        relevance=[row[:length] for row, length in rows],
        spans=nucleotide_spans(maps.lengths),
        logits=maps.logits,
        outputs=maps.outputs,
    )


def _by_token(
    maps: RelevanceMaps,
    nucleotides: RelevanceMaps,
    spans: Sequence[npt.NDArray[np.int64]],
    pooling: str,
) -> RelevanceMaps:
    """Relevance of other tokens, by their spans, from that of nucleotides."""
    return RelevanceMaps(
        ids=maps.ids,
        lengths=maps.lengths,
        relevance=[
            to_tokens(values, token_spans, pooling)
            for values, token_spans in zip(nucleotides.relevance, spans, strict=True)
        ],
        spans=list(spans),
        logits=maps.logits,
        outputs=maps.outputs,
    )
