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
        information_contents,
        judge_concentration,
        judge_ledger,
        judge_localisation,
        judge_similarity,
        load_explained,
    )
    from dnalrp.evaluation.logic import judge_logic
    from dnalrp.evaluation.probing import judge_faithfulness, judge_robustness
    from dnalrp.models.device import compute_device
    from dnalrp.models.loading import load
    from dnalrp.provenance import provenance, write_table

    torch.set_num_threads(snakemake.threads)
    params = snakemake.params
    device = compute_device(params.gpu)
    model = load(snakemake.input.model).to(device)
    print(f"device {device}")
    sites = pd.read_parquet(snakemake.input.sites)
    explained = load_explained(
        pd.read_parquet(snakemake.input.sequences),
        sites,
        Path(snakemake.input.attributions),
        Path(snakemake.input.nucleotides),
        Path(snakemake.input.tokens),
        information_contents(sites.loc[sites["role"] == "motif", "motif"], params.jaspar),
    )
    values = pd.concat(
        [
            judge_localisation(explained),
            judge_concentration(explained),
            judge_similarity(explained),
            judge_ledger(explained),
            judge_faithfulness(explained, model, params.faithfulness),
            judge_robustness(explained, model, params.robustness),
            *([judge_logic(explained, sites, params.grammar)] if params.grammar else []),
        ],
        ignore_index=True,
    )
    settings = {"faithfulness": params.faithfulness, "robustness": params.robustness}
    record = provenance("evaluate", settings, snakemake.input)
    write_table(values, snakemake.output.metrics, record)
    print(f"{len(values)} values of {values['metric'].nunique()} metrics")
