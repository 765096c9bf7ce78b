"""Tables on the standard output, for people or as JSON for programs."""

import argparse
import json
from typing import TYPE_CHECKING

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
    people = table if shown is None else shown
    print(people.to_string(index=False, na_rep="", float_format=lambda x: f"{x:.3g}"))
