"""Write the report: figures, one page, and a manifest of what made them."""

from collections.abc import Sequence
from pathlib import Path

from dnalrp.errors import InputError
from dnalrp.report.sections import figure_names
from dnalrp.results import PREDICTIONS, TABLES, Report, Results, Run
from dnalrp.settings.reading import GivenSettings


def report(
    *,
    results: str | Path,
    runs: Sequence[Run],
    settings: GivenSettings,
    report: str | Path | None = None,
) -> Path:
    """Write the report of a folder of results; returns the page.

    Parameters
    ----------
    runs
        Those that are in the tables.
    settings
        The whole configuration of the run.
    report
        Folder to write; default: ``report`` in the results.

    Raises
    ------
    InputError
        A file or folder of the run is missing.
    """
    files = Results(results)
    made = files.report if report is None else Report(report)
    inputs = _inputs(files, runs)
    for path in inputs:
        check_present(path)
    from dnalrp.report.building import build_report  # here: it takes seconds

    build_report(
        results,
        runs=[str(run) for run in runs],
        datasets=datasets_of(runs),
        settings=settings,
        figures=[made.figure(name) for name in figure_names(settings)],
        page_path=made.page,
        manifest=made.manifest,
        pictures=made.pictures,
        inputs=inputs,
    )
    return made.page


def datasets_of(runs: Sequence[Run]) -> list[str]:
    """Data sets of runs, each once."""
    return list(dict.fromkeys(run.dataset for run in runs))


def check_present(path: Path) -> None:
    """Refuse a run that was not finished."""
    if not path.exists():
        raise InputError(f"{path}: is missing; run the workflow to its end first")


def _inputs(files: Results, runs: Sequence[Run]) -> list[Path]:
    """What a report is made from: tables first, since they are missed first."""
    datasets = datasets_of(runs)
    return [
        *map(files.table, TABLES),
        *map(files.sequences, datasets),
        *map(files.sites, datasets),
        *(files.model(run) / PREDICTIONS for run in runs),
        *map(files.attributions, runs),
        *map(files.nucleotides, runs),
        *map(files.motifs, runs),
    ]
