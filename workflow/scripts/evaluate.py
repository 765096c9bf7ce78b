"""Judge the explanations of one model on one data set: one row a sequence, map and metric."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd
    import torch

    from dnalrp.evaluation.judging import (
        judge_concentration,
        judge_faithfulness,
        judge_ledger,
        judge_localisation,
        judge_similarity,
        load_explained,
    )
    from dnalrp.evaluation.logic import judge_logic
    from dnalrp.models.device import compute_device
    from dnalrp.models.loading import load
    from dnalrp.provenance import provenance, write_table

    torch.set_num_threads(snakemake.threads)
    settings = snakemake.params.settings
    device = compute_device(snakemake.params.gpu)
    model = load(snakemake.input.model).to(device)
    print(f"device {device}")
    sites, rule = pd.read_parquet(snakemake.input.sites), snakemake.params.grammar
    explained = load_explained(
        pd.read_parquet(snakemake.input.sequences),
        sites,
        Path(snakemake.input.attributions),
        Path(snakemake.input.nucleotides),
    )
    values = pd.concat(
        [
            judge_localisation(explained),
            judge_concentration(explained),
            judge_similarity(explained),
            judge_ledger(explained),
            judge_faithfulness(explained, model, settings),
            *([judge_logic(explained, sites, rule)] if rule else []),
        ],
        ignore_index=True,
    )
    record = provenance("evaluate", settings, snakemake.input)
    write_table(values, snakemake.output.metrics, record)
    print(f"{len(values)} values of {values['metric'].nunique()} metrics")
