"""Pictures of example explanations."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from dnalrp.attribution.storage import read_nucleotides
from dnalrp.data.jaspar import Motif
from dnalrp.data.nucleotides import one_hot
from dnalrp.names import RANDOM
from dnalrp.report.logos import example_figure
from dnalrp.report.page import Picture, picture
from dnalrp.results import PREDICTIONS, Results, Run, maps_of


def example_pictures(
    results: Path, runs: Sequence[str], count: int, matrices: Mapping[str, Motif]
) -> list[Picture]:
    """``count`` sequences of each data set with the maps of all models of its first seed.

    ``runs`` are ``dataset/model/seed``.
    """
    files, by_dataset = Results(results), dict[str, dict[str, Run]]()
    for run in runs:
        named = Run.of(run)
        by_dataset.setdefault(named.dataset, {}).setdefault(named.model, named)
    pictures = []
    for dataset, models in by_dataset.items():
        sequences = pd.read_parquet(files.sequences(dataset))
        sites = pd.read_parquet(files.sites(dataset))
        maps = {
            (model, method): read_nucleotides(path)
            for model, run in models.items()
            for method, path in maps_of(files.nucleotides(run), "split").items()
        }
        first = next(iter(maps.values()))
        frame = sequences.set_index("id").loc[first.ids].assign(margin=first.outputs)
        calls = pd.read_parquet(files.model(next(iter(models.values()))) / PREDICTIONS)
        frame["predicted"] = calls.set_index("id")["predicted"]
        names = {matrix_id: motif.name for matrix_id, motif in matrices.items()}
        for name in choose_examples(frame, sites, count):
            row = list(first.ids).index(name)
            shown = {
                f"{model}\n{method.replace('_', ' ')}": read.relevance[row]
                for (model, method), read in maps.items()
                if method != RANDOM
            }
            record = frame.loc[name]
            title = f"{dataset}, {name}: class {record.label}"
            encoded = one_hot([record.sequence])[0]
            here = sites[sites["id"] == name]
            figure = example_figure(title, encoded, shown, sites=here, names=names)
            pictures.append(picture(title, figure, dpi=85))
    return pictures


def choose_examples(frame: pd.DataFrame, sites: pd.DataFrame, count: int) -> list[str]:
    """Ids of ``count`` sequences, chosen without a look at their maps.

    Among those with a true site that the first model calls right, the classes in turn, each
    beginning with its median margin.
    """
    true = sites[sites["role"] == "motif"]
    right = frame[frame["predicted"] == frame["label"]]
    right = right[right.index.isin(true["id"])]
    queues = []
    for _, group in right.groupby("label"):
        distance = (group["margin"] - group["margin"].median()).abs()
        queues.append(distance.sort_values(kind="stable").index.tolist())
    turns = [name for turn in zip_longest(*queues) for name in turn if name is not None]
    return turns[:count]
