"""Train or fine-tune one model on one data set, or take it as it is; keep its predictions."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd
    import torch

    from dnalrp.data.labels import read_labels, with_shuffled_labels
    from dnalrp.data.nucleotides import reverse_complement
    from dnalrp.models.building import build_model
    from dnalrp.models.device import check_precision, compute_device
    from dnalrp.models.prediction import predict, prediction_table
    from dnalrp.performance import performance_by_split
    from dnalrp.provenance import digest, provenance, write_record, write_table
    from dnalrp.training import TrainingSettings, check_outputs, name_classes, train

    torch.set_num_threads(snakemake.threads)
    device = compute_device(snakemake.params.gpu)
    seed, settings = int(snakemake.wildcards.seed), snakemake.params.model
    training = settings["training"]
    check_precision(training["precision"] if training else "float32", device)
    sequences = pd.read_parquet(snakemake.input.sequences)
    labels = read_labels(sequences)
    own = sequences.loc[sequences["split"] == "train", "sequence"]
    model = build_model(
        settings["architecture"],
        settings.get("size", {}),  # an encoder that is always pretrained has none
        settings["pretrained"],
        settings["revision"],
        tokenizer_sequences=[*own, *own.map(reverse_complement)],
        max_token_length=settings.get("max_token_length", 1),
        seed=seed,
        num_labels=labels.classes if training else None,
    )
    check_outputs(model, labels, exactly=training is not None)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"device {device}, {parameters} parameters, {len(own)} training sequences")
    shuffled = snakemake.params.labels == "shuffled"
    # shuffled for training alone: performance below is against the true labels
    labelled = with_shuffled_labels(sequences, seed) if shuffled else sequences
    record = provenance(
        "train",
        {"seed": seed, "model": settings, "labels": snakemake.params.labels},
        snakemake.input,
    )
    # only a run of these very settings, inputs and code may be resumed
    checkpoints = Path(snakemake.params.checkpoints) / digest([record, snakemake.params.code])
    folder = Path(snakemake.output.model)
    if training:
        history = train(
            model,
            model.tokenizer,
            labelled,
            TrainingSettings.of(training, seed),
            checkpoints,
            device,
        )
        if snakemake.params.classes:
            name_classes(model, snakemake.params.classes)
    else:
        print(f"training: null, {settings['pretrained']} is taken as it is")
        history = pd.DataFrame(columns=["step", "epoch"])
        model.to(device)
    model.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    unseen = (sequences["split"] != "train").to_numpy()
    logits = predict(model, sequences.loc[unseen, "sequence"].tolist(), progress="predict")
    predictions = prediction_table(sequences[unseen], logits, labels.several)
    write_table(predictions, folder / "predictions.parquet", record)
    history.to_csv(folder / "history.tsv", sep="\t", index=False)
    table = performance_by_split(labels.values[unseen], logits, predictions["split"])
    table.to_csv(folder / "performance.tsv", sep="\t")
    write_record(folder / "provenance.json", record)
    shutil.rmtree(checkpoints, ignore_errors=True)
    print(table.to_string(float_format="%.4f"))
