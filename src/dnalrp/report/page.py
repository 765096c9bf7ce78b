"""The report as one self-contained HTML page."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from dnalrp.provenance import written_whole
from dnalrp.report.conclusions import Conclusions


class Table(NamedTuple):
    """Cells as text, ready to print; ``text`` says which columns are aligned left."""

    columns: list[str]
    text: list[bool]
    rows: list[list[str]]


class Picture(NamedTuple):
    """A figure as base64 of its PNG, with a title for those who cannot see it."""

    title: str
    image: str


class Section(NamedTuple):
    """A heading, what to know when reading the figure, and the figure."""

    name: str
    note: str
    image: str


def table(frame: pd.DataFrame) -> Table:
    """Format a data frame: three digits, empty for missing values, yes and no for truth."""
    frame = frame.convert_dtypes()
    text = [not pd.api.types.is_numeric_dtype(frame[name]) for name in frame]
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return Table([str(name).replace("_", " ") for name in frame], text, rows)


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        small = 0 < abs(value) < 0.001
        return f"{value:.1e}" if small else f"{value:.3f}"
    return str(value)


def picture(title: str, figure: Figure, dpi: int = 110) -> Picture:
    """Embed a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return Picture(title, base64.b64encode(buffer.getvalue()).decode("ascii"))


def write_pictures(pictures: Mapping[str, Sequence[Picture]], folder: str | Path) -> None:
    """Write the pictures of the page as PNG files, in place of those that an earlier page left.

    A file is named after its group, its number there and its title.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for group, members in pictures.items():
        for old in folder.glob(f"{group}_[0-9]*_*.png"):
            old.unlink()
        for number, shown in enumerate(members, start=1):
            title = re.sub("[^A-Za-z0-9.+-]+", "_", shown.title)[:120].strip("_")
            with written_whole(folder / f"{group}_{number}_{title}.png") as beside:
                beside.write_bytes(base64.b64decode(shown.image))


class Page(NamedTuple):
    """What the page shows, each ready to print."""

    performance: Table
    recovery: Table
    summary: Table
    conclusions: Conclusions
    overview: Table
    comparisons: Table
    controls: Table
    motif_groups: Sequence[Picture]
    sections: Sequence[Section]
    examples: Sequence[Picture]

    def rendered(self, context: Mapping[str, Any]) -> str:
        """The page as HTML. Names that users chose are escaped.

        ``context`` is what :func:`dnalrp.report.building.build_report` makes: settings, versions,
        and the names of methods without patterns.
        """
        environment = Environment(
            loader=PackageLoader("dnalrp", "report"), autoescape=True, undefined=StrictUndefined
        )
        return environment.get_template("page.html").render(**self._asdict(), **context)
