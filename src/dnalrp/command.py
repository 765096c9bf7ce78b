"""The command ``dnalrp``."""

import argparse
import json
import sys
from collections.abc import Sequence

from dnalrp.errors import InputError

EXAMPLES = """examples:
  dnalrp verify results/models/oct4_mafk/dnabert2/seed1
  dnalrp verify zhihan1996/DNABERT-2-117M --sequences peaks.fa --precision bfloat16
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 where a check fails, 2 for a mistake."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except InputError as error:
        print(f"dnalrp: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dnalrp", description="Which nucleotides made a genome model say so?"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    verify = commands.add_parser(
        "verify",
        help="check the explanations of a checkpoint",
        description="Check on your own checkpoint that all rules are in place and that the "
        "explained output is accounted for. Exit status 1 where a check fails.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verify.add_argument("model", metavar="MODEL", help="a folder, or an id on the hub")
    verify.add_argument("--revision", default="main", help="branch, tag or commit on the hub")
    verify.add_argument(
        "--sequences", metavar="FASTA", help="default: 16 random sequences of 200 bases"
    )
    verify.add_argument(
        "--precision", choices=("float32", "bfloat16", "float64"), default="float32"
    )
    verify.add_argument("--json", action="store_true", help="print the table as JSON")
    verify.set_defaults(run=_verify)
    return parser


def _verify(options: argparse.Namespace) -> int:
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
    if options.json:
        print(json.dumps(json.loads(table.to_json(orient="records")), indent=1))
    else:
        shown = table.assign(passed=table["passed"].map({True: "yes", False: "NO"}))
        print(shown.to_string(index=False, na_rep="", float_format=lambda x: f"{x:.3g}"))
    for row in failed.itertuples():
        print(
            f"dnalrp: {row.check}: {row.value:.3g} exceeds {row.bound:.3g}: do not trust the maps",
            file=sys.stderr,
        )
    return int(len(failed) > 0)
