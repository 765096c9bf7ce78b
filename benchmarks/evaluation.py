"""Time of every group of metrics, faithfulness's rate, and what its sample does to its interval.

Six methods on a random compact model and random sequences with random sites, or on a trained
folder and its sequences; all metrics of the evaluate stage in its default settings, faithfulness
on its default sample and on all sequences::

    python benchmarks/evaluation.py
    python benchmarks/evaluation.py --model results/models/implant/dnabert2/seed1 \\
        --data results/data/implant --split test --workers 2

Each worker is a process of one thread that judges its share of the sequences, as the workflow's
jobs do with their models and data sets. Times are of the processor, all workers together, and of
the wall, which is longer where other programs run. Explaining comes before, and is in no sum.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
import yaml
from transformers import PreTrainedModel

import dnalrp
from dnalrp.attribution.maps import RelevanceMaps, nucleotide_spans
from dnalrp.data.scan import SITE_COLUMNS
from dnalrp.evaluation.judging import evaluate
from dnalrp.evaluation.levels import Explained
from dnalrp.evaluation.summary import bootstrap_means
from dnalrp.evaluation.tables import make_tables
from dnalrp.evaluation.truth import site_masks
from dnalrp.models.architectures.dnabert2 import DnaBert2Section
from dnalrp.models.building import build_model
from dnalrp.names import BEST_ORDER, NATIVE
from dnalrp.projection import TO_NUCLEOTIDES

DEFAULTS = Path(__file__).parent.parent / "config.yaml"
SAMPLED = "of these, for faithfulness; by default config.yaml's number, then all"
METHODS = {
    "dnabert2": (
        *("attnlrp", "cp_lrp", "gradient_x_input", "saliency", "attention_rollout", "random"),
    ),
    "regulatory_cnn": (
        *("lrp", "gradient_x_input", "saliency", "integrated_gradients", "deep_lift_shap"),
        "random",
    ),
}


def random_data(count: int, length: int = 200, width: int = 15) -> tuple[pd.DataFrame, ...]:
    """Sequences without meaning, each with one site somewhere."""
    rng = np.random.default_rng(0)
    ids = [f"random_{index:06d}" for index in range(count)]
    sequences = ["".join(row) for row in rng.choice(list("ACGT"), size=(count, length))]
    labels = np.arange(count) % 2
    starts = rng.integers(length - width, size=count)
    rows = [(name, s, s + width, "+", "site", "motif") for name, s in zip(ids, starts, strict=True)]
    frame = pd.DataFrame({"id": ids, "sequence": sequences, "label": labels})
    return frame, pd.DataFrame(rows, columns=SITE_COLUMNS)


def stored_data(folder: Path, count: int, split: str | None) -> tuple[pd.DataFrame, ...]:
    """A seeded sample of the sequences held out from training, and their sites."""
    frame = pd.read_parquet(folder / "sequences.parquet")
    frame = frame[frame["split"] == split if split else frame["split"] != "train"]
    frame = frame.sample(min(count, len(frame)), random_state=0).sort_values("id")
    return frame, pd.read_parquet(folder / "sites.parquet")


def explained(
    frame: pd.DataFrame, sites: pd.DataFrame, maps: dict[str, RelevanceMaps]
) -> Explained:
    """What the stages before leave in files, kept in memory."""
    ids, texts = frame["id"].tolist(), frame["sequence"].tolist()
    true = sites[(sites["role"] == "motif") & sites["id"].isin(ids)]
    masks = site_masks(true, dict(zip(ids, texts, strict=True)))
    attributions = {method: stored.changed(ids=ids) for method, stored in maps.items()}
    first = next(iter(attributions.values()))
    of_nucleotides = all((spans[:, 1] - spans[:, 0] <= 1).all() for spans in first.spans)
    return Explained(
        ids=ids,
        sequences=texts,
        labels=frame["label"].to_numpy(),
        attributions=attributions,
        nucleotides={
            (method, projection): on_nucleotides(stored, projection)
            for method, stored in attributions.items()
            for projection in TO_NUCLEOTIDES
        },
        tokens={}
        if of_nucleotides
        else {(method, NATIVE): stored for method, stored in attributions.items()},
        token_spans=first.spans,
        sites=sites,
        masks=masks,
        weights={name: mask.astype(float) for name, mask in masks.items()},
    )


def on_nucleotides(maps: RelevanceMaps, projection: str) -> RelevanceMaps:
    """The same maps with a value a nucleotide."""
    values = maps.nucleotides(projection)
    rows = [row[:length] for row, length in zip(values, maps.lengths, strict=True)]
    return maps.changed(relevance=rows, spans=nucleotide_spans(maps.lengths), ledger=None, gap=None)


class Spent(NamedTuple):
    """Seconds of the processor, all threads together, and of the wall."""

    processor: float
    wall: float


def clocked(job: tuple[Callable[..., Any], tuple[Any, ...]]) -> tuple[Any, float]:
    """Result of a call in a worker and the processor's seconds that it took."""
    function, arguments = job
    before = time.process_time()
    return function(*arguments), time.process_time() - before


def timed(
    name: str,
    workers: Executor,
    function: Callable[..., Any],
    parts: Sequence[tuple[Any, ...]],
    *,
    spent: dict[str, Spent],
) -> list[Any]:
    """Results of a call for each part, in the workers; times go to the terminal and ``spent``."""
    wall = time.perf_counter()
    results, processor = zip(*workers.map(clocked, [(function, p) for p in parts]), strict=True)
    spent[name] = clock = Spent(sum(processor), time.perf_counter() - wall)
    rows = sum(len(part) for part in results) if isinstance(results[0], pd.DataFrame) else ""
    print(f"{name:20}{clock.processor:9.2f} s {clock.wall:9.2f} s wall {rows:9} rows", flush=True)
    return list(results)


@cache
def loaded(path: Path | None) -> PreTrainedModel:
    """A worker's model, of one thread."""
    torch.set_num_threads(1)
    return dnalrp.load(path) if path else random_model()


def explain(path: Path | None, frame: pd.DataFrame, sites: pd.DataFrame) -> Explained:
    """Six methods' maps of some sequences, as the stages before the metrics leave them."""
    model, texts = loaded(path), frame["sequence"].tolist()
    methods = METHODS[model.config.model_type]
    maps = {method: dnalrp.explain(model, texts, method, progress=False) for method in methods}
    return explained(frame, sites, maps)


def judge_axis(
    name: str, held: Explained, path: Path | None = None, sample: dict[str, Any] | None = None
) -> pd.DataFrame:
    """An axis of metrics in a worker; with ``sample`` one that asks the model."""
    return evaluate(name, held, None if sample is None else loaded(path), sample)


def shares(sample: dict[str, Any], workers: int) -> list[dict[str, Any]]:
    """What each worker samples, so that all together sample what is asked for."""
    counts = {name: sample[name] for name in ("sequences", "range_sequences") if name in sample}
    return [
        sample | {name: (n + worker) // workers for name, n in counts.items()}
        for worker in range(workers)
    ]


def tables(values: pd.DataFrame, settings: dict[str, int]) -> pd.DataFrame:
    """What the evaluate stage makes of all values: means, intervals, comparisons."""
    values = values.assign(dataset="data", model="model", seed="seed1")
    return make_tables(values, **settings).metrics


def interval_table(values: pd.DataFrame, rate: float) -> None:
    """Half-widths of 95 % intervals for smaller samples: a sample holds every smaller one."""
    print("\nhalf-width of the 95 % interval on nucleotides, mean over the methods, by")
    print("evaluate.faithfulness.sequences (of normalised: range_sequences)")
    print(f"{'sequences':>10} {'processor':>10} {'lerf_minus_morf':>16} {'normalised':>12}")
    of_nucleotides = values[(values["level"] == "nucleotide") & (values["method"] != BEST_ORDER)]
    count, most = 15, of_nucleotides["id"].nunique()
    while count <= most:
        widths = []
        for metric in ("lerf_minus_morf", "normalised"):
            groups = [
                group["value"].iloc[:count].dropna().to_numpy()
                for _, group in of_nucleotides[of_nucleotides["metric"] == metric].groupby("method")
                if len(group) >= count
            ]
            means = [bootstrap_means(group[None], 1000, 0)[0] for group in groups]
            widths.append(np.mean([(m[2] - m[1]) / 2 for m in means]) if means else np.nan)
        print(f"{count:10d} {count / rate:8.0f} s {widths[0]:16.3f} {widths[1]:12.3f}")
        count *= 2


def random_model() -> PreTrainedModel:
    """A compact DNABERT-2 that has learned nothing."""
    texts = random_data(1000)[0]["sequence"].tolist()
    settings = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["models"]["dnabert2"]
    section = DnaBert2Section.model_validate(settings)
    return build_model(section, texts, seed=1).eval()


def arguments() -> argparse.Namespace:
    """Options; those on faithfulness default to config.yaml's settings."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, help="trained folder; a random model by default")
    parser.add_argument("--data", type=Path, help="folder of sequences.parquet and sites.parquet")
    parser.add_argument("--split", help="of the data; by default all but train")
    parser.add_argument("--sequences", type=int, default=500, help="judged")
    parser.add_argument("--sampled", type=int, nargs="+", help=SAMPLED)
    parser.add_argument("--range", type=int, help="of these, for the model's range")
    parser.add_argument("--robust", type=int, help="of these, for robustness")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Explain, judge, time."""
    options = arguments()
    settings = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["evaluate"]
    count, path = options.sequences, options.model
    frame, sites = (
        stored_data(options.data, count, options.split) if options.data else random_data(count)
    )
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as workers:
        list(workers.map(loaded, [path] * options.workers))
        parts = [frame.iloc[number :: options.workers] for number in range(options.workers)]
        judge(options, settings, workers, [(path, part, sites) for part in parts])


def judge(
    options: argparse.Namespace,
    settings: dict[str, Any],
    workers: Executor,
    parts: list[tuple[Any, ...]],
) -> None:
    """All metrics of all parts of the data, with faithfulness on samples of several sizes."""
    total, spent = sum(len(part[1]) for part in parts), {}
    print(f"{total} sequences, {len(parts)} workers of one thread")
    held = timed("explaining, before", workers, explain, parts, spent=spent)
    print(f"    {', '.join(held[0].attributions)}")
    values = []
    for name in ("localisation", "concentration", "similarity", "ledger"):
        alone = [(name, part) for part in held]
        values += timed(name, workers, judge_axis, alone, spent=spent)
    explaining, *cheap = spent.values()
    share = sum(judged.processor for judged in cheap) / explaining.processor
    print(f"    these four took {100 * share:.1f} % of the time that explaining took")

    def sampled(axis: str, sample: dict[str, Any]) -> list[tuple[Any, ...]]:
        part_shares = shares(sample, len(held))
        return [
            (axis, part, options.model, share)
            for part, share in zip(held, part_shares, strict=True)
        ]

    robust = settings["robustness"]
    robust |= {"sequences": options.robust or robust["sequences"]}
    values += timed("robustness", workers, judge_axis, sampled("robustness", robust), spent=spent)
    faithful = settings["faithfulness"]
    faithful |= {"range_sequences": options.range or faithful["range_sequences"]}
    for number in options.sampled or (faithful["sequences"], total):
        spent_here, name = dict(spent), f"faithfulness of {number}"
        sample = faithful | {"sequences": number}
        faithful_values = pd.concat(
            timed(name, workers, judge_axis, sampled("faithfulness", sample), spent=spent_here)
        )
        rate = min(total, number) / spent_here[name].processor
        print(f"    {rate:.2f} sequences a second of the processor, all methods together")
        joined = pd.concat([*values, faithful_values], ignore_index=True)
        timed("tables", workers, tables, [(joined, settings["intervals"])], spent=spent_here)
        _, *judging_alone = spent_here.values()
        print(
            f"all metrics of {total} sequences, {len(held[0].attributions)} methods, {name}: "
            f"{sum(each.processor for each in judging_alone):.0f} s of the processor, "
            f"{sum(each.wall for each in judging_alone):.0f} s wall\n",
            flush=True,
        )
    means = faithful_values.groupby(["level", "method", "metric"])["value"].mean().unstack()
    print(means.round(3).to_string())
    interval_table(faithful_values, rate)


if __name__ == "__main__":
    main()
