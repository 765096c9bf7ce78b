"""Compare the maps of different models, or of one model's seeds, by nucleotide and by token."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.storage import read_attributions, read_nucleotides
from dnalrp.evaluation.axes.similarity import compare_models, compare_seeds
from dnalrp.provenance import provenance, write_table
from dnalrp.results import maps_of

Folders = Mapping[str, str | Path]


def similarity(
    *,
    between: Literal["models", "seeds"],
    nucleotides: Folders,
    tokens: Folders,
    metrics: str | Path,
    to_tokens: Sequence[str],
) -> None:
    """Write how alike the maps of models or of seeds are.

    Parameters
    ----------
    nucleotides, tokens
        Folders of maps by the name of the model, or of the seed.
    metrics
        Table to write.
    to_tokens
        Which maps on tokens are compared.
    """
    compare = {"models": compare_models, "seeds": compare_seeds}[between]
    tables = [compare(_read(nucleotides, "split", read_nucleotides))]
    tables += [
        compare(_read(tokens, projection, read_attributions), "token", projection)
        for projection in to_tokens
    ]
    inputs = [*nucleotides.values(), *tokens.values()]
    record = provenance("similarity", {"between": between, "to_tokens": [*to_tokens]}, inputs)
    write_table(pd.concat(tables, ignore_index=True), metrics, record)


def _read(
    folders: Folders, projection: str, read: Callable[[Path], RelevanceMaps]
) -> dict[str, dict[str, RelevanceMaps]]:
    """Maps by model or seed, and by method."""
    return {
        name: {method: read(path) for method, path in maps_of(folder, projection).items()}
        for name, folder in folders.items()
    }
