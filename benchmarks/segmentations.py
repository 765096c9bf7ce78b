"""Cost and gain of the map `average`: which segmentations are worth their time.

Prints for each choice of segmentations its number of them, its time in multiples of one
explanation (the `split` map) on the processor, and the mean AUROC and average precision of its
maps on the true sites, with the ceiling of a single segmentation; plots AUROC against the number
of segmentations.
Choose on `dev`, confirm on `test`.

    python benchmarks/segmentations.py MODEL sequences.parquet sites.parquet
        [--method attnlrp] [--split dev] [--count 300] [--threads 1] [--plot segmentations.png]
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import dnalrp
from dnalrp.attribution.segmentations import Segmentations, average_relevance
from dnalrp.evaluation.axes.localisation import localise
from dnalrp.evaluation.truth import token_ceiling
from dnalrp.models.tokenizer import encode
from dnalrp.projection import real_tokens

CHOICES = [
    Segmentations(False),
    Segmentations(False, shifts=1),
    Segmentations(False, shifts=3),
    *(Segmentations(False, dropout=0.05, draws=draws) for draws in (1, 3, 7)),
    Segmentations(True),
    Segmentations(True, shifts=1),
    *(Segmentations(True, dropout=0.05, draws=draws) for draws in (1, 3, 7)),
    *(Segmentations(True, dropout=0.1, draws=draws) for draws in (1, 3, 7)),
]


def measure(model, frame: pd.DataFrame, mask: np.ndarray, method: str) -> pd.DataFrame:
    """One row a choice: what it is, what it costs, how well it localises."""
    texts, signs = frame["sequence"].tolist(), 2 * frame["label"].to_numpy() - 1
    rows = []
    for choice in CHOICES:
        before = time.process_time()
        maps = average_relevance(model, texts, method, choice, progress=False).relevance
        seconds = time.process_time() - before
        scores = localise(signs[:, None] * maps, mask, frame["sequence"].str.len().to_numpy())
        rows.append(
            {
                "strands": 1 + choice.reverse_complement,
                "shifts": choice.shifts,
                "dropout": choice.dropout,
                "draws": choice.draws,
                "segmentations": len(choice.readings()),
                "seconds": seconds,
                "auroc": np.nanmean(scores["auroc"]),
                "auprc": np.nanmean(scores["auprc"]),
            }
        )
        print(f"{choice}: {rows[-1]['auroc']:.4f}, {seconds:.1f} s", flush=True)
    table = pd.DataFrame(rows)
    return table.assign(cost=table["seconds"] / table["seconds"].iloc[0])


def plot(table: pd.DataFrame, title: str, path: Path) -> None:
    """AUROC against the number of segmentations, a line a family of choices."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    families = table[(table["shifts"] > 0) | (table["draws"] > 0)]
    for (strands, dropout), rows in families.groupby(["strands", "dropout"]):
        start = table[(table["strands"] == strands) & (table["segmentations"] == strands)]
        rows = pd.concat([start, rows])
        name = f"dropout {dropout:g}" if dropout else "shifts"
        both = "both strands" if strands == 2 else "one strand"
        style = "-" if strands == 2 else "--"
        axes.plot(rows["segmentations"], rows["auroc"], style, marker="o", label=f"{both}, {name}")
    (default,) = table[(table["strands"] == 2) & (table["segmentations"] == 2)].itertuples()
    axes.plot(2, default.auroc, "ks", ms=9, mfc="none", label="both strands alone: the default")
    axes.axhline(table["auroc"].iloc[0], color="0.6", linestyle=":", label="split")
    axes.set(xscale="log", xlabel="segmentations (explanations a map)", ylabel="AUROC on sites")
    ticks = sorted(set(table["segmentations"]))
    axes.set_xticks(ticks, ticks)
    axes.minorticks_off()
    axes.set_title(title)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=150)


def main() -> None:
    """Read the arguments, measure, print and plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("sequences", type=Path)
    parser.add_argument("sites", type=Path)
    parser.add_argument("--method", default="attnlrp")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plot", type=Path, default=Path("segmentations.png"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = dnalrp.load(options.model)
    sites = pd.read_parquet(options.sites).query("role == 'motif'")
    frame = pd.read_parquet(options.sequences).query("split == @options.split")
    frame = frame[frame["id"].isin(sites["id"])]
    frame = frame.sample(min(options.count, len(frame)), random_state=0)
    lengths = frame["sequence"].str.len().to_numpy()
    mask = np.zeros((len(frame), lengths.max()), dtype=bool)
    row = {name: number for number, name in enumerate(frame["id"])}
    for site in sites[sites["id"].isin(row)].itertuples():
        mask[row[site.id], site.start : site.end] = True
    _, spans = encode(model.tokenizer, frame["sequence"].tolist())
    ceiling = localise(token_ceiling(mask, real_tokens(spans)), mask, lengths)["auroc"]
    print(f"{options.model}, {options.method}, {len(frame)} {options.split} sequences with a site")
    table = measure(model, frame, mask, options.method)
    print(f"\nceiling of a single segmentation: AUROC {np.nanmean(ceiling):.4f}\n")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
    name = f"{options.sequences.parent.name}, {options.method}"
    plot(table, f"{name}: {len(frame)} {options.split} sequences", options.plot)
    print(f"\nplot: {options.plot}")


if __name__ == "__main__":
    main()
