"""``dnalrp simulate``: a data set with planted motifs, from flags or from a configuration."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnalrp.commands.options import add_extensions, check_option
from dnalrp.commands.table import add_json, print_table
from dnalrp.errors import InputError
from dnalrp.notices import renamed

if TYPE_CHECKING:
    import pandas as pd

    from dnalrp.data.jaspar import Motif
    from dnalrp.data.sources.simulated import SimulatedSection

EXAMPLES = """examples:
  dnalrp simulate --motifs MA0139 MA0106 --decoys MA0112 --train 3000 --out simulated
  dnalrp simulate --motifs MA0139 MA0138 --decoys MA0112 --grammar xor --length 150 --out simulated
  dnalrp simulate --config config.yaml --dataset implant --out simulated
  dnalrp simulate --motifs MA0139 MA0138 --decoys MA0112 --table --out simulated

Writes sequences.parquet, sites.parquet (where the motifs are) and sequences.fa. --table adds
table.csv, in which every motif is a label of its own: a column of 0 and 1, for several_labels.
"""
SPLITS = ("train", "dev", "test")
DEFAULTS = {
    "motifs": None,
    "decoys": None,
    "grammar": "any",
    "length": 200,
    "train": 3200,
    "dev": 600,
    "test": 1000,
    "sites": [1, 3],
    "spacing": [5, 30],
    "mutations": None,
    "gc": 0.41,
    "seed": 1,
    "jaspar": "JASPAR2026",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Simulate labelled sequences, for which the right explanation is known."
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--config", metavar="YAML", help="take the settings of --dataset in it")
    parser.add_argument("--dataset", metavar="NAME", help="a simulated data set of --config")
    parser.add_argument("--motifs", nargs="+", metavar="ID", help="JASPAR ids of the evidence")
    parser.add_argument("--decoys", nargs="+", metavar="ID", help="JASPAR ids of the decoys")
    parser.add_argument(
        "--grammar", help="what makes the label; a wrong one lists all; default: any"
    )
    parser.add_argument("--rule", help=argparse.SUPPRESS)
    parser.add_argument("--length", type=int, metavar="BASES", help="default: 200")
    for split in SPLITS:
        about = f"sequences of this split; default: {DEFAULTS[split]}"
        parser.add_argument(f"--{split}", type=int, metavar="N", help=about)
    pair: dict[str, Any] = {"type": int, "nargs": 2, "metavar": ("FROM", "TO")}
    parser.add_argument("--sites", **pair, help="sites a sequence; default: 1 3")
    parser.add_argument(
        "--spacing", **pair, help="gap of grammars spacing and order, bases; default: 5 30"
    )
    parser.add_argument(
        "--mutations",
        type=int,
        metavar="N",
        help="of grammar decoy: how many bases a near-copy has",
    )
    parser.add_argument("--gc", type=float, help="share of G and C; default: 0.41")
    parser.add_argument("--seed", type=int, help="default: 1")
    parser.add_argument("--jaspar", metavar="RELEASE", help="default: JASPAR2026")
    parser.add_argument("--table", action="store_true", help="also a table of the motifs as labels")
    add_extensions(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Simulate, write, and print how many sequences and sites there are."""
    import pandas as pd

    from dnalrp.data.jaspar import fetch_motifs
    from dnalrp.provenance import check_folder, written_whole
    from dnalrp.stages.prepare import prepare

    check_folder(options.out, "--out")
    settings, release = _settings(options)
    folder = Path(options.out)
    made = prepare(
        settings=settings,
        jaspar=release,
        sequences=folder / "sequences.parquet",
        sites=folder / "sites.parquet",
    )
    sequences, sites = made.sequences, made.sites
    with written_whole(folder / "sequences.fa") as beside, beside.open("w") as file:
        for row in sequences.itertuples():
            file.write(f">{row.id} label={row.label} split={row.split}\n{row.sequence}\n")
    planted = sequences.merge(sites, on="id")
    if options.table:
        with written_whole(folder / "table.csv") as beside:
            motifs = fetch_motifs(settings.motifs, release)
            motif_table(sequences, sites, motifs).to_csv(beside, index=False)
    table = pd.DataFrame(
        {
            "sequences": sequences.groupby("split", sort=False).size(),
            "positive": sequences.groupby("split", sort=False)["label"].sum(),
            "sites": planted.groupby("split", sort=False).size(),
        }
    )
    table = table.loc[list(SPLITS)].rename_axis("split")
    print_table(table.reset_index(), options.json)
    return 0


def motif_table(
    sequences: "pd.DataFrame", sites: "pd.DataFrame", motifs: "Sequence[Motif]"
) -> "pd.DataFrame":
    """``id, sequence, split`` and, for each motif, 1 where the sequence holds it as evidence.

    Columns are named as the motifs, in letters, digits, ``_`` and ``-``; of two of one name, all
    by their ids.
    """
    table = sequences[["id", "sequence", "split"]].copy()
    names = [re.sub("[^A-Za-z0-9_-]+", "_", motif.name) for motif in motifs]
    if len({name.lower() for name in names}) < len(names):
        names = [motif.base_id for motif in motifs]
    for name, motif in zip(names, motifs, strict=True):
        motif_sites = sites[(sites["role"] == "motif") & (sites["motif"] == motif.matrix_id)]
        table[name] = table["id"].isin(motif_sites["id"]).astype(int)
    return table


def _settings(options: argparse.Namespace) -> "tuple[SimulatedSection, str]":
    """Settings of a simulated data set, as in a configuration, and the JASPAR release."""
    if options.rule is not None:
        if options.grammar is not None:
            raise InputError(f"--rule {options.rule}: it is --grammar now; leave --rule out")
        renamed("--rule", "--grammar", "dnalrp simulate")
        options.grammar = options.rule
    given = {key: getattr(options, key) for key in DEFAULTS if getattr(options, key) is not None}
    if options.config is not None:
        if given:
            raise InputError(
                f"--{min(given)}: --config has its own; change it there, or leave it out"
            )
        return _configured(options.config, options.dataset)
    if not options.motifs or not options.decoys:
        raise InputError("simulate: give --motifs and --decoys, or --config and --dataset")
    return section_of({**DEFAULTS, **given})


def section_of(chosen: dict[str, Any]) -> "tuple[SimulatedSection, str]":
    """What the options choose, as a section of the settings, and the JASPAR release.

    Raises
    ------
    InputError
        An option, or two together, that a configuration could not hold either.
    """
    from pydantic import ValidationError

    from dnalrp.data.sources.simulated import Composition, SequenceCounts, SimulatedSection
    from dnalrp.mistakes import best_mistake

    for key in ("motifs", "decoys"):
        if twice := [name for name in chosen[key] if chosen[key].count(name) > 1]:
            raise InputError(f"--{key}: {twice[0]} is given twice; leave one out")
    if chosen["grammar"] == "decoy" and chosen["mutations"] is None:
        raise InputError(
            "--grammar decoy: needs --mutations, how many bases a near-copy differs by"
        )
    check_option("gc", chosen["gc"], Composition, "gc")
    for split in SPLITS:
        check_option(split, chosen[split], SequenceCounts, split)
    settings = {key: value for key, value in chosen.items() if key in SimulatedSection.model_fields}
    for key, value in settings.items():
        check_option(key, value, SimulatedSection, key)
    settings |= {
        "source": "simulated",
        "sequences": {split: chosen[split] for split in SPLITS},
        "background": {"kind": "composition", "gc": chosen["gc"]},
    }
    try:
        return SimulatedSection.model_validate(settings), chosen["jaspar"]
    except ValidationError as error:
        raise InputError(f"--{best_mistake(error, settings, {}).line()}") from None


def _configured(path: str, dataset: str | None) -> "tuple[SimulatedSection, str]":
    import yaml

    from dnalrp.data.reading import read_text
    from dnalrp.data.sources.simulated import SimulatedSection
    from dnalrp.settings import read_configuration, without_nulls

    try:
        settings = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise InputError(f"{path}: cannot be read as YAML; correct it") from error
    if not isinstance(settings, dict):
        raise InputError(f"{path}: holds no settings; give a configuration as config.yaml")
    configuration = read_configuration(without_nulls(settings))
    simulated = {
        name: section
        for name, section in configuration.datasets.items()
        if isinstance(section, SimulatedSection)
    }
    if dataset not in simulated:
        known = ", ".join(simulated) or "none is there"
        raise InputError(f"--dataset {dataset}: choose a simulated data set of {path}: {known}")
    return simulated[dataset], configuration.jaspar
