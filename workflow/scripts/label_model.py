"""Cut a model of several labels to one of them: two classes, off and on, and its predictions."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import numpy as np
    import pandas as pd
    import torch

    from dnalrp.models.loading import load
    from dnalrp.models.one_label import one_label
    from dnalrp.models.prediction import prediction_table
    from dnalrp.performance import performance_by_split
    from dnalrp.provenance import provenance, write_record, write_table

    torch.set_num_threads(snakemake.threads)
    label, whole = snakemake.params.label, Path(snakemake.input.model)
    folder = Path(snakemake.output.model)
    model = one_label(load(whole), label["number"], label["name"])
    model.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    record = provenance("label", {"label": label}, snakemake.input)
    sequences = pd.read_parquet(snakemake.input.sequences)
    unseen = sequences[sequences["split"] != "train"]
    predicted = pd.read_parquet(whole / "predictions.parquet").set_index("id")
    logit = predicted.loc[unseen["id"], f"logit_{label['number']}"].to_numpy()
    logits = np.stack([np.zeros_like(logit), logit], axis=1)
    predictions = prediction_table(unseen, logits)
    write_table(predictions, folder / "predictions.parquet", record)
    shutil.copy(whole / "history.tsv", folder)
    table = performance_by_split(unseen["label"].to_numpy(), logits, predictions["split"])
    table.to_csv(folder / "performance.tsv", sep="\t")
    write_record(folder / "provenance.json", record)
    print(table.to_string(float_format="%.4f"))
