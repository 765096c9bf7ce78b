"""Train or fine-tune one model on one data set and keep its predictions."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd
    import torch

    from dnalrp.data.labels import with_shuffled_labels
    from dnalrp.data.nucleotides import reverse_complement
    from dnalrp.models.building import build_model
    from dnalrp.models.device import compute_device
    from dnalrp.models.prediction import predict
    from dnalrp.performance import performance
    from dnalrp.provenance import digest, provenance, write_record, write_table
    from dnalrp.training import TrainingSettings, train

    torch.set_num_threads(snakemake.threads)
    device = compute_device(snakemake.params.gpu)
    seed, settings = int(snakemake.wildcards.seed), snakemake.params.model
    sequences = pd.read_parquet(snakemake.input.sequences)
    own = sequences.loc[sequences["split"] == "train", "sequence"]
    model = build_model(
        settings["architecture"],
        settings.get("size", {}),  # an encoder that is always pretrained has none
        settings["pretrained"],
        settings["revision"],
        tokenizer_sequences=[*own, *own.map(reverse_complement)],
        max_token_length=settings.get("max_token_length", 1),
        seed=seed,
    )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"device {device}, {parameters} parameters, {len(own)} training sequences")
    labels = snakemake.params.labels
    # shuffled for training alone: performance below is against the true labels
    labelled = with_shuffled_labels(sequences, seed) if labels == "shuffled" else sequences
    record = provenance(
        "train", {"seed": seed, "model": settings, "labels": labels}, snakemake.input
    )
    # only a run of these very settings, inputs and code may be resumed
    checkpoints = Path(snakemake.params.checkpoints) / digest([record, snakemake.params.code])
    history = train(
        model,
        model.tokenizer,
        labelled,
        TrainingSettings(**settings["training"], seed=seed),
        checkpoints,
        device,
    )
    folder = Path(snakemake.output.model)
    model.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    unseen = sequences[sequences["split"] != "train"]
    logits = predict(model, unseen["sequence"].tolist(), progress="predict")
    predictions = unseen[["id", "label", "split"]].assign(margin=logits[:, 1] - logits[:, 0])
    write_table(predictions, folder / "predictions.parquet", record)
    history.to_csv(folder / "history.tsv", sep="\t", index=False)
    by_split = {
        split: performance(rows["label"].to_numpy(), rows["margin"].to_numpy())
        for split, rows in predictions.groupby("split")
    }
    table = pd.DataFrame(by_split).T.rename_axis("split")
    table.to_csv(folder / "performance.tsv", sep="\t")
    write_record(folder / "provenance.json", record)
    shutil.rmtree(checkpoints, ignore_errors=True)
    print(table.to_string(float_format="%.4f"))
