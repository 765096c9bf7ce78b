"""What figures are drawn from."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dnalrp.settings.reading import GivenSettings


class Material(NamedTuple):
    """A finished run, as its figures need it.

    Attributes
    ----------
    summary
        ``metrics.tsv``, the column ``axis`` with the names of the axes alone.
    results
        Folder of the run.
    runs
        ``dataset/model/seed``.
    settings
        The whole configuration of the run.
    """

    summary: pd.DataFrame
    results: Path
    runs: Sequence[str]
    settings: GivenSettings
