"""``dnalrp simulate``: a data set with planted motifs, from flags or from a configuration."""

import argparse
from pathlib import Path
from typing import Any

from dnalrp.commands.table import add_json, print_table
from dnalrp.errors import InputError

EXAMPLES = """examples:
  dnalrp simulate --motifs MA0139 MA0106 --decoys MA0112 --train 3000 --out simulated
  dnalrp simulate --motifs MA0139 MA0138 --decoys MA0112 --rule xor --length 150 --out simulated
  dnalrp simulate --config config.yaml --dataset implant --out simulated

Writes sequences.parquet, sites.parquet (where the motifs are) and sequences.fa.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Simulate labelled sequences, for which the right explanation is known."
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--config", metavar="YAML", help="take the settings of --dataset in it")
    parser.add_argument("--dataset", metavar="NAME", help="a simulated data set of --config")
    parser.add_argument("--motifs", nargs="+", metavar="ID", help="JASPAR ids of the evidence")
    parser.add_argument("--decoys", nargs="+", metavar="ID", help="JASPAR ids of the decoys")
    parser.add_argument("--rule", default="any", help="what makes the label; default: any")
    parser.add_argument("--length", type=int, default=200)
    for split, count in (("train", 3200), ("dev", 600), ("test", 1000)):
        parser.add_argument(f"--{split}", type=int, default=count, metavar="N")
    parser.add_argument("--sites", type=int, nargs=2, default=(1, 3), metavar=("FROM", "TO"))
    parser.add_argument("--spacing", type=int, nargs=2, default=(5, 30), metavar=("FROM", "TO"))
    parser.add_argument("--gc", type=float, default=0.41, help="share of G and C; default: 0.41")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jaspar", default="JASPAR2026", metavar="RELEASE")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Simulate, write, and print how many sequences and sites there are."""
    import pandas as pd

    from dnalrp.data.jaspar import fetch_motifs
    from dnalrp.data.simulate import RULES, Simulation, simulate
    from dnalrp.provenance import provenance, write_table, written_whole

    settings, release = _settings(options)
    if settings["rule"] not in RULES:
        raise InputError(f"--rule {settings['rule']}: choose one of {', '.join(RULES)}")
    simulation = Simulation(
        length=settings["length"],
        counts=settings["sequences"],
        motifs=fetch_motifs(settings["motifs"], release),
        decoys=fetch_motifs(settings["decoys"], release),
        sites=tuple(settings["sites"]),
        rule=settings["rule"],
        spacing=tuple(settings["spacing"]),
        background=settings["background"],
        seed=settings["seed"],
    )
    sequences, sites = simulate(simulation)
    folder = Path(options.out)
    record = provenance("simulate", {**settings, "jaspar": release})
    write_table(sequences, folder / "sequences.parquet", record)
    write_table(sites, folder / "sites.parquet", record)
    with written_whole(folder / "sequences.fa") as beside, beside.open("w") as file:
        for row in sequences.itertuples():
            file.write(f">{row.id} label={row.label} split={row.split}\n{row.sequence}\n")
    planted = sequences.merge(sites, on="id")
    table = pd.DataFrame(
        {
            "sequences": sequences.groupby("split", sort=False).size(),
            "positive": sequences.groupby("split", sort=False)["label"].sum(),
            "sites": planted.groupby("split", sort=False).size(),
        }
    )
    table = table.loc[sequences["split"].unique()].rename_axis("split")
    print_table(table.reset_index(), options.json)
    return 0


def _settings(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Settings of a simulated data set, as in a configuration, and the JASPAR release."""
    if options.config is None:
        if not options.motifs or not options.decoys:
            raise InputError("simulate: give --motifs and --decoys, or --config and --dataset")
        counts = {split: getattr(options, split) for split in ("train", "dev", "test")}
        given = {key: getattr(options, key) for key in ("motifs", "decoys", "rule", "length")}
        pairs = {"sites": list(options.sites), "spacing": list(options.spacing)}
        for key, (low, high) in pairs.items():
            if low > high:
                raise InputError(f"--{key}: from {low} to {high} is empty; the smaller first")
        if not 0 < options.gc < 1 or options.seed < 0 or min(counts.values()) < 1:
            raise InputError("--gc: between 0 and 1; --seed: 0 or more; --train and so on: 1 up")
        background = {"kind": "composition", "gc": options.gc}
        own = {"sequences": counts, "background": background, "seed": options.seed}
        return given | pairs | own, options.jaspar
    import yaml

    from dnalrp.commands.init import project_of
    from dnalrp.settings import check_settings

    try:
        config = yaml.safe_load(Path(options.config).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"{options.config}: cannot be read as YAML; correct it") from error
    check_settings(config, project_of(options.config) / "workflow/schemas/config.schema.yaml")
    simulated = [n for n, d in config["datasets"].items() if d["source"] == "simulated"]
    if options.dataset not in simulated:
        raise InputError(f"--dataset {options.dataset}: choose one of {', '.join(simulated)}")
    return config["datasets"][options.dataset], config["jaspar"]
