"""``dnalrp verify``: check the explanations of a checkpoint."""

import argparse
import sys

from dnalrp.commands.options import add_extensions
from dnalrp.commands.table import add_json, print_table

EXAMPLES = """examples:
  dnalrp verify results/models/oct4_mafk/dnabert2/seed1
  dnalrp verify zhihan1996/DNABERT-2-117M --sequences peaks.fa --precision bfloat16
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Check on your own checkpoint that all rules are in place and that the explained output "
        "is accounted for. Exit status 1 where a check fails."
    )
    parser.add_argument("model", metavar="MODEL", help="a folder, or an id on the hub")
    parser.add_argument("--revision", default="main", help="branch, tag or commit on the hub")
    parser.add_argument(
        "--sequences", metavar="FASTA", help="default: 16 random sequences of 200 bases"
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16", "float64"),
        default="float32",
        help="in which the model is used; default: float32",
    )
    add_extensions(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the table of checks; 1 where one fails."""
    import numpy as np
    import torch

    from dnalrp.data.fasta import read_fasta
    from dnalrp.models.loading import load
    from dnalrp.verification import verify

    if options.sequences is None:
        rng = np.random.default_rng(0)
        sequences = ["".join(row) for row in rng.choice(list("ACGT"), size=(16, 200))]
    else:
        sequences = [record.sequence for record in read_fasta(options.sequences)]
    model = load(options.model, revision=options.revision)
    table = verify(model.to(getattr(torch, options.precision)), sequences)
    failed = table[table["passed"].eq(False)]
    shown = table.assign(passed=table["passed"].map({True: "yes", False: "NO"}))
    print_table(table, options.json, shown)
    for row in failed.itertuples():
        print(
            f"dnalrp: {row.check}: {row.value:.3g} exceeds {row.bound:.3g}: do not trust the maps",
            file=sys.stderr,
        )
    return int(len(failed) > 0)
