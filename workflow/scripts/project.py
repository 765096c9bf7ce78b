"""Bring token relevance to nucleotides, and nucleotide relevance to the token model's tokens."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import numpy as np

    from dnalrp.attribution.storage import (
        NucleotideMaps,
        StoredBatch,
        on_tokens,
        read_attributions,
        read_nucleotides,
        write_attributions,
        write_nucleotides,
    )
    from dnalrp.projection import to_nucleotides, to_tokens
    from dnalrp.provenance import provenance

    nucleotides, tokens = Path(snakemake.output.nucleotides), Path(snakemake.output.tokens)
    nucleotides.mkdir(parents=True)
    tokens.mkdir(parents=True)
    reference = on_tokens(map(read_attributions, Path(snakemake.input.token_model).glob("*.h5")))
    for path in sorted(Path(snakemake.input.attributions).glob("*.h5")):
        maps = read_attributions(path)
        split = np.zeros((len(maps.ids), maps.lengths.max()), dtype=np.float32)
        for how in snakemake.params.to_nucleotides:
            projected = np.zeros_like(split)
            for row, length in enumerate(maps.lengths):
                relevance, spans = maps.relevance[row], maps.spans[row]
                projected[row, :length] = to_nucleotides(relevance, spans, length, how)
            record = provenance("project", {"map": how}, [path])
            write_nucleotides(
                nucleotides / f"{path.stem}.{how}.h5",
                NucleotideMaps(maps.ids, maps.lengths, projected, maps.outputs),
                record,
            )
            split = projected if how == "split" else split
        for how in snakemake.params.to_tokens:
            pooled = [
                to_tokens(row, spans, how)
                for row, spans in zip(split, reference.spans, strict=True)
            ]
            batch = StoredBatch(
                *(maps.ids, maps.lengths, pooled, reference.spans),
                *(maps.logits, maps.outputs, None),
            )
            record = provenance("project", {"map": how}, [path, snakemake.input.token_model])
            write_attributions(tokens / f"{path.stem}.{how}.h5", [batch], record)
    for path in sorted(Path(snakemake.input.attributions).glob("average/*.h5")):
        record = provenance("project", {"map": "average"}, [path])
        write_nucleotides(nucleotides / f"{path.stem}.average.h5", read_nucleotides(path), record)
