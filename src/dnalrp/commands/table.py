"""Tables on the standard output, for people or as JSON for programs."""

import argparse
import json
from typing import TYPE_CHECKING

WIDEST = 100

if TYPE_CHECKING:
    import pandas as pd


def add_json(parser: argparse.ArgumentParser) -> None:
    """Give a command the option ``--json``."""
    parser.add_argument("--json", action="store_true", help="print the table as JSON")


def print_table(table: "pd.DataFrame", as_json: bool, shown: "pd.DataFrame | None" = None) -> None:
    """Print a table; ``shown`` is what people see of it, by default the same."""
    if as_json:
        print(json.dumps(json.loads(table.to_json(orient="records")), indent=1))
        return
    people = (table if shown is None else shown).copy()
    for name in people.select_dtypes(exclude="number"):
        cells = [_cell(value) for value in people[name]]
        width = max(map(len, [name, *cells]))
        people[name] = [cell.ljust(width) for cell in cells]
        people = people.rename(columns={name: name.ljust(width)})
    text = people.to_string(index=False, na_rep="", float_format=lambda x: f"{x:.3g}")
    print("\n".join(line.rstrip() for line in text.split("\n")))


def _cell(value: object) -> str:
    """Text for one cell; a name of thousands of letters would widen every line by as much."""
    text = "" if value is None or value != value else str(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."
