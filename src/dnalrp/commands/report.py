"""``dnalrp report``: write the page of a finished run again."""

import argparse
import json
from pathlib import Path
from typing import Any

from dnalrp.commands.options import add_extensions
from dnalrp.errors import InputError
from dnalrp.extensions import load_extensions
from dnalrp.results import TABLES, Results, Run

EXAMPLES = """examples:
  dnalrp report results                      # into results/report, as the workflow does
  dnalrp report results --out page
  dnalrp report results --table              # methods by metrics, as Markdown, and write nothing
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Write figures, page and manifest of a results folder again, with the settings that its "
        "manifest holds or that --config names."
    )
    parser.add_argument("results", metavar="RESULTS", help="folder of a finished run")
    parser.add_argument("--out", metavar="FOLDER", help="default: RESULTS/report")
    parser.add_argument("--config", metavar="YAML", help="settings of the run")
    parser.add_argument(
        "--table", action="store_true", help="only print the page's table, as Markdown"
    )
    add_extensions(parser)


def run(options: argparse.Namespace) -> int:
    """Build the report and say where it is."""
    results = Path(options.results)
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; give that of a finished run")
    if options.table:
        return _print_table(Results(results).table("overall"))
    settings = _settings(results, options.config)
    load_extensions(settings.get("extensions", ()))
    from dnalrp.provenance import check_folder
    from dnalrp.stages.report import check_present, report

    out = Path(options.out) if options.out else None
    check_folder(out or Results(results).report.folder, "--out")
    for name in TABLES:
        check_present(Results(results).table(name))
    print(report(results=results, runs=_runs(results), settings=settings, report=out))
    return 0


def _print_table(path: Path) -> int:
    import pandas as pd

    from dnalrp.report.overview import overview
    from dnalrp.stages.report import check_present

    check_present(path)
    table = overview(pd.read_csv(path, sep="\t"))
    rows = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    print("\n".join(f"| {' | '.join(row)} |" for row in rows))
    return 0


def _runs(results: Path) -> list[Run]:
    """All trained models, in the order of the run."""
    import pandas as pd

    table = pd.read_csv(Results(results).table("performance"), sep="\t").dropna(subset=["seed"])
    runs = table[list(Run._fields)].drop_duplicates()
    return [Run(*words) for words in runs.itertuples(index=False)]


def _settings(results: Path, config: str | None) -> dict[str, Any]:
    """Settings of the run, from a file or from the manifest of its report."""
    import yaml

    from dnalrp.data.reading import read_text

    path = Path(config) if config else Results(results).report.manifest
    given = read_text(path) if config else None
    try:
        if given is not None:
            read = yaml.safe_load(given)
        else:
            read = json.loads(path.read_text(encoding="utf-8"))["settings"]["config"]
        kept = {k: v for k, v in read["datasets"].items() if v is not None}
        return {**read, "datasets": kept}
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise InputError(
            f"{path}: holds no settings of a run; give its config.yaml by --config"
        ) from error
