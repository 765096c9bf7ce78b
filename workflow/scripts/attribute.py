"""Explain the held-out sequences of one data set with every method of one model."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd
    import torch

    from dnalrp.attribution.explanation import RelevanceBatch, iterate_relevance
    from dnalrp.attribution.storage import StoredBatch, write_attributions
    from dnalrp.models.device import compute_device
    from dnalrp.models.loading import load
    from dnalrp.models.randomising import randomised
    from dnalrp.provenance import provenance
    from dnalrp.settings import RANDOMISED

    torch.set_num_threads(snakemake.threads)
    settings = snakemake.params.settings
    sequences = pd.read_parquet(snakemake.input.sequences)
    explained = sequences[sequences["split"].isin(settings["splits"])].reset_index(drop=True)
    model = load(snakemake.input.model)
    device = compute_device(snakemake.params.gpu)
    print(f"device {device}, {len(explained)} sequences")
    texts, ids = explained["sequence"].tolist(), explained["id"].to_numpy()

    def stored(batch: RelevanceBatch) -> StoredBatch:
        return StoredBatch(
            ids=ids[batch.indices],
            lengths=[len(texts[i]) for i in batch.indices],
            relevance=batch.relevance,
            spans=batch.spans,
            logits=batch.logits,
            outputs=batch.outputs,
            ledger=None if batch.ledger is None else batch.ledger.loc[batch.indices].to_numpy(),
            gap=batch.gap,
        )

    folder = Path(snakemake.output.attributions)
    folder.mkdir(parents=True)
    for method in snakemake.params.methods:
        record = provenance("attribute", {"method": method, **settings}, snakemake.input)
        control = method.endswith(RANDOMISED)
        batches = iterate_relevance(
            randomised(model, int(snakemake.wildcards.seed)) if control else model,
            texts,
            method.removesuffix(RANDOMISED),
            batch_size=settings["batch_size"],
            device=device,
            alibi=settings["alibi"],
        )
        write_attributions(folder / f"{method}.h5", map(stored, batches), record)
