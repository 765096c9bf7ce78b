"""A data set of one's own, as ``dnalrp init`` writes it into a configuration."""

import argparse
from collections.abc import Sequence
from typing import Any

from dnalrp.errors import InputError

NEGATIVES: dict[str, dict[str, Any]] = {
    "genome": {"kind": "genome", "ratio": 1, "gc_tolerance": 0.02, "distance": 1000, "seed": 1},
    "shuffle": {"kind": "shuffle", "ratio": 1, "seed": 1},
}


def own_dataset(options: argparse.Namespace) -> dict[str, Any]:
    """Settings of the data set that the options of ``dnalrp init`` describe.

    Raises
    ------
    InputError
        Options that do not go together, or a file that cannot be read as what it should be.
    """
    files, motifs = pairs(options.classes, "--class"), pairs(options.motifs, "--motif")
    if unknown := sorted(set(motifs) - set(files)):
        raise InputError(f"--motif {unknown[0]}: no class has this name; choose one of {[*files]}")
    if options.table:
        return _table(options, files, motifs)
    for name, paths in files.items():
        if not paths:
            raise InputError(f"--class {name}: write NAME=FILE,FILE; NAME alone goes with --table")
    kind = "bed" if options.genome else "fasta"
    classes = [
        {"name": name, kind: paths, "motifs": motifs.get(name, [])} for name, paths in files.items()
    ]
    negatives, splits = _negatives(options.negatives), _splits(options)
    shared = {"classes": classes, "negatives": negatives, "splits": splits}
    if options.genome:
        windows = {"genome": options.genome, "aliases": {}, "length": options.length or 200}
        dataset: dict[str, Any] = {"source": "intervals", **windows, "blacklist": [], **shared}
    else:
        if options.length:
            raise InputError(
                "--length: goes with --genome; FASTA records have lengths of their own"
            )
        read = [file for paths in files.values() for file in paths]
        read += (negatives or {}).get("files", [])
        if isinstance(splits["dev"], list) and not has_places(read):
            raise InputError(
                "--dev, --test: not all FASTA headers are chrom:start-end, so that no chromosome "
                "can be held out; give shares such as 0.1"
            )
        dataset = {"source": "fasta", **shared, "lengths": _lengths_of_records(read)}
    return {**dataset, "site_p_value": 0.0001}


def pairs(given: Sequence[str], option: str) -> dict[str, list[str]]:
    """Values by name of options ``NAME=VALUE,VALUE``; of ``NAME`` alone there are none."""
    values_by_name: dict[str, list[str]] = {}
    for text in given:
        name, equals, values = text.partition("=")
        if not name or ((equals or option == "--motif") and not values):
            raise InputError(f"{option} {text}: write NAME=VALUE,VALUE")
        if name in values_by_name:
            raise InputError(f"{option} {name}: given twice; separate its values by commas")
        values_by_name[name] = values.split(",") if values else []
    return values_by_name


def has_places(files: Sequence[str]) -> bool:
    """Whether all records of FASTA files have headers ``chrom:start-end``."""
    from dnalrp.data.fasta import read_fasta

    return all(record.chrom is not None for file in files for record in read_fasta(file))


def _table(
    options: argparse.Namespace, files: dict[str, list[str]], motifs: dict[str, list[str]]
) -> dict[str, Any]:
    for option in ("genome", "negatives", "length"):
        if getattr(options, option) is not None:
            raise InputError(f"--{option}: a table names sequences and labels itself; leave it out")
    if len(options.table) not in (1, 3):
        raise InputError(f"--table: {len(options.table)} files; give one, or train, dev and test")
    for name, paths in files.items():
        if paths:
            raise InputError(f"--class {name}={','.join(paths)}: of a table give the name alone")
    divided = len(options.table) == 3
    if divided and (options.dev or options.test or options.split):
        raise InputError("--dev, --test, --split: the three tables are the splits; leave them out")
    if options.split and (options.dev or options.test):
        raise InputError("--split: names the splits already; leave out --dev and --test")
    named = dict(zip(("train", "dev", "test") if divided else ("all",), options.table, strict=True))
    column = {"column": options.split} if options.split else None
    labels = _several_labels(options.table, list(files))
    return {
        "source": "table",
        "files": named,
        **({"several_labels": True} if labels else {}),
        "classes": [{"name": name, "motifs": motifs.get(name, [])} for name in files],
        "splits": None if divided else column or _splits(options),
        "lengths": _lengths_of_rows(options.table, len(files), [options.split], labels),
        "site_p_value": 0.0001,
    }


def _negatives(given: str | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return NEGATIVES.get(given, {"kind": "peaks", "files": given.split(",")})


def _splits(options: argparse.Namespace) -> dict[str, Any]:
    """Chromosomes as they are; of numbers, shares that are drawn by chance."""
    try:
        shares = {"dev": [float(x) for x in options.dev], "test": [float(x) for x in options.test]}
    except ValueError:
        return {"dev": options.dev, "test": options.test}
    if any(len(values) > 1 or not 0 < values[0] < 1 for values in shares.values()):
        return {"dev": options.dev, "test": options.test}  # chromosomes named 1, 2, and so on
    return {"dev": shares["dev"][0], "test": shares["test"][0], "seed": 1}


def _lengths_of_records(files: Sequence[str]) -> list[int]:
    from dnalrp.data.fasta import read_fasta

    lengths = [len(record.sequence) for file in files for record in read_fasta(file)]
    return [min(lengths), max(lengths)]


def _several_labels(files: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names, where a sequence of the tables may have several of these labels; else none."""
    from dnalrp.data.table import holds_several_labels

    return list(names) if any(holds_several_labels(file, names) for file in files) else []


def _lengths_of_rows(
    files: Sequence[str], classes: int, columns: Sequence[str | None], labels: Sequence[str]
) -> list[int]:
    from dnalrp.data.table import read_table

    kept = [column for column in columns if column]
    tables = [read_table(file, classes, (1, 10**9), kept, several_labels=labels) for file in files]
    lengths = [len(sequence) for table in tables for sequence in table["sequence"]]
    return [min(lengths), max(lengths)]
