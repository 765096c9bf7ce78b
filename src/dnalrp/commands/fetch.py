"""``dnalrp fetch``: download named data sets."""

import argparse

from dnalrp.commands.table import add_json, print_table
from dnalrp.errors import InputError

EXAMPLES = """examples:
  dnalrp fetch --list
  dnalrp fetch janggu hg19_chrX_start --to downloads
  dnalrp fetch hg38 --trust-first            # prints the checksum to pin
  dnalrp fetch hg38 --mirror /data/genomes --offline --sha256 CHECKSUM
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Download named data sets and verify them. A transfer that breaks off is resumed. Data "
        "whose checksum is not known are refused until you give it or trust the first download."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="see --list")
    parser.add_argument("--list", action="store_true", help="say what is known and end")
    parser.add_argument("--to", default="downloads", metavar="FOLDER", help="default: downloads")
    parser.add_argument("--sha256", help="checksum of the one data set that is named")
    parser.add_argument(
        "--trust-first",
        action="store_true",
        help="take data without a known checksum; prints the one to pin",
    )
    parser.add_argument("--mirror", metavar="FOLDER", help="take copies from there, verified alike")
    parser.add_argument("--offline", action="store_true", help="never use the network")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch, or list; prints where each data set is."""
    import pandas as pd

    from dnalrp.data.catalogue import fetch_named, named_data
    from dnalrp.provenance import check_folder

    if options.list:
        table = pd.DataFrame([vars(row) for row in named_data().values()])
        shown = table.assign(verified=table["sha256"].notna().map({True: "yes", False: "no"}))
        print_table(table, options.json, shown[["name", "version", "licence", "verified", "about"]])
        return 0
    if not options.names:
        raise InputError("fetch: name a data set, or give --list to see what is known")
    if options.sha256 and len(options.names) > 1:
        raise InputError("--sha256: goes with one data set; fetch the others by themselves")
    check_folder(options.to, "--to")
    rows = []
    for name in options.names:
        path = fetch_named(
            name,
            options.to,
            options.sha256,
            trust_first=options.trust_first,
            mirror=options.mirror,
            offline=options.offline,
            progress=True,
        )
        rows.append({"name": name, "path": str(path)})
    print_table(pd.DataFrame(rows), options.json)
    return 0
