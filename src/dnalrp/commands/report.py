"""``dnalrp report``: write the page of a finished run again."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dnalrp.errors import InputError

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


def run(options: argparse.Namespace) -> int:
    """Build the report and say where it is."""
    results = Path(options.results)
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; give that of a finished run")
    if options.table:
        return _print_table(results / "overall.tsv")
    out = Path(options.out) if options.out else results / "report"
    settings = _settings(results, options.config)
    from dnalrp.provenance import check_folder
    from dnalrp.report.sections import TABLES, figure_names

    check_folder(out, "--out")

    tables = [results / f"{name}.tsv" for name in TABLES]
    _check_present(tables)
    runs = _runs(results / "performance.tsv")
    datasets = list(dict.fromkeys(run.split("/")[0] for run in runs))
    data = [
        results / "data" / dataset / f"{name}.parquet"
        for name in ("sequences", "sites")
        for dataset in datasets
    ]
    folders = [
        results / stage / run for stage in ("attributions", "nucleotides", "motifs") for run in runs
    ]
    _check_present([*data, *folders])
    from dnalrp.report.building import build_report  # here: it takes seconds

    figures = [out / "figures" / f"{axis}.png" for axis in figure_names(settings)]
    inputs = [*tables, *data, *folders]
    build_report(
        results,
        runs=runs,
        datasets=datasets,
        settings=settings,
        figures=figures,
        page_path=out / "index.html",
        manifest=out / "manifest.json",
        pictures=out / "pictures",
        inputs=inputs,
    )
    print(out / "index.html")
    return 0


def _print_table(path: Path) -> int:
    import pandas as pd

    from dnalrp.report.overview import overview

    _check_present([path])
    table = overview(pd.read_csv(path, sep="\t"))
    rows = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    print("\n".join(f"| {' | '.join(row)} |" for row in rows))
    return 0


def _check_present(paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: is missing; run the workflow to its end first")


def _runs(performance: Path) -> list[str]:
    """``dataset/model/seed`` of all trained models, in the order of the run."""
    import pandas as pd

    table = pd.read_csv(performance, sep="\t").dropna(subset=["seed"])
    runs = table[["dataset", "model", "seed"]].drop_duplicates()
    return ["/".join(run) for run in runs.itertuples(index=False)]


def _settings(results: Path, config: str | None) -> dict[str, Any]:
    """Settings of the run, from a file or from the manifest of its report."""
    import yaml

    from dnalrp.data.reading import read_text

    path = Path(config) if config else results / "report/manifest.json"
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
