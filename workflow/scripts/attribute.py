"""Explain the held-out sequences of one data set with every method of one model."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import numpy as np
    import pandas as pd
    import torch

    from dnalrp.attribution.explanation import RelevanceBatch, iterate_relevance
    from dnalrp.attribution.segmentations import (
        AverageBatch,
        Segmentations,
        iterate_average,
        resolves_below_tokens,
    )
    from dnalrp.attribution.storage import (
        NucleotideMaps,
        StoredBatch,
        stored_batch,
        write_attributions,
        write_nucleotides,
    )
    from dnalrp.models.device import compute_device
    from dnalrp.models.dnabert2 import DnaBert2Config
    from dnalrp.models.loading import load
    from dnalrp.models.randomising import randomised
    from dnalrp.provenance import provenance
    from dnalrp.settings import RANDOMISED

    torch.set_num_threads(snakemake.threads)
    settings = snakemake.params.settings
    sequences = pd.read_parquet(snakemake.input.sequences)
    chosen = sequences["split"].isin(settings["splits"])
    explained = sequences[chosen].sort_values("id", ignore_index=True)
    model = load(snakemake.input.model)
    device = compute_device(snakemake.params.gpu)
    print(f"device {device}, {len(explained)} sequences")
    texts, ids = explained["sequence"].tolist(), explained["id"].tolist()

    def stored(batch: RelevanceBatch) -> StoredBatch:
        return stored_batch(batch, ids, texts)

    lengths = explained["sequence"].str.len().to_numpy()
    average = np.zeros((len(texts), lengths.max(initial=0)), dtype=np.float32)
    outputs = np.zeros(len(texts))

    def averaged(batch: AverageBatch) -> StoredBatch:
        """Keep the average maps, pass on those of the tokenizer's own segmentation."""
        for row, relevance in zip(batch.indices, batch.relevance, strict=True):
            average[row, : len(relevance)] = relevance
        outputs[batch.indices] = batch.plain.outputs
        return stored(batch.plain)

    folder = Path(snakemake.output.attributions)
    folder.mkdir(parents=True)
    averages = folder / "average"
    segmentations = settings["segmentations"] and Segmentations(**settings["segmentations"])
    for method in snakemake.params.methods:
        record = provenance("attribute", {"method": method, **settings}, snakemake.input)
        explained_model = model
        if method.endswith(RANDOMISED):
            explained_model = randomised(model, int(snakemake.wildcards.seed))
        options = {
            "batch_size": settings["batch_size"],
            "device": device,
            "alibi": settings["alibi"],
        }
        plain = method.removesuffix(RANDOMISED)
        if plain == "lrp":
            options["layer_rules"] = settings["layer_rules"]
        positional = plain == "attnlrp" and model.config.model_type == DnaBert2Config.model_type
        options |= {"positional": positional}
        path = folder / f"{method}.h5"
        # of more classes each segmentation may call another
        one_target = model.config.num_labels <= 2
        if segmentations and one_target and resolves_below_tokens(model, plain):
            arguments = (explained_model, texts, plain, segmentations)
            write_attributions(path, map(averaged, iterate_average(*arguments, **options)), record)
            averages.mkdir(exist_ok=True)
            maps = NucleotideMaps(ids, lengths, average, outputs)
            write_nucleotides(averages / path.name, maps, record)
        else:
            batches = iterate_relevance(explained_model, texts, plain, **options)
            write_attributions(path, map(stored, batches), record)
