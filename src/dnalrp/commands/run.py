"""``dnalrp run``: run the workflow of this installation in the current folder."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from dnalrp.errors import InputError
from dnalrp.workflow_files import root, snakefile

EXAMPLES = """examples:
  dnalrp run --configfile mine.yaml --cores 4
  dnalrp run --configfile mine.yaml -n       # only say what would be run
  dnalrp run --configfile mine.yaml --cores 4 tracks
  dnalrp run --configfile config/grammar.yaml --cores 4

Everything else is handed to snakemake: see snakemake --help. Files named in a configuration are
looked for in the current folder, and results are written there. What a configuration leaves out is
taken from config.yaml in the current folder if there is one, else from the default run. The
project's own configurations, in config/, are found wherever they are installed.
"""
PARALLEL = ("-c", "-j", "--cores", "--jobs", "--profile", "--workflow-profile", "--executor", "-e")
"""Options of snakemake that say how many jobs run at once, or name a file that does."""
SETTINGS = (".yaml", ".yml", ".json")
"""Endings of configurations; what else follows ``--configfile`` is a target."""


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Run the workflow in the current folder, by Snakemake."
    parser.allow_abbrev = False  # else --config would be read as --configfile
    parser.usage = "dnalrp run [--configfile YAML ...] [--cores N] [SNAKEMAKE ARGUMENTS ...]"
    parser.add_argument(
        "--configfile",
        action="extend",
        nargs="+",
        default=[],
        metavar="YAML",
        help="settings, laid over the default ones; of several the last has the last word",
    )
    parser.add_argument("--cores", metavar="N", help="jobs at once; default: 1")
    parser.set_defaults(handed_on=[])


def run(options: argparse.Namespace) -> int:
    """Become snakemake: its output, its exit status, and its way to be interrupted."""
    files = [word for word in options.configfile if Path(word).suffix in SETTINGS]
    # as in "--configfile mine.yaml tracks", which snakemake itself would read as two files
    targets = [word for word in options.configfile if word not in files]
    command = snakemake_command(files, options.cores, [*targets, *options.handed_on])
    sys.stdout.flush()
    os.execv(command[0], command)


def snakemake_command(
    configfiles: Sequence[str], cores: str | None, handed_on: Sequence[str]
) -> list[str]:
    """The command line of snakemake.

    Raises
    ------
    InputError
        A configuration that is not there, cores that are no number, or no snakemake.
    """
    files = [_configuration(file) for file in configfiles]
    if cores is not None and cores != "all" and not (cores.isdecimal() and int(cores)):
        raise InputError(f"--cores {cores}: give a number of 1 or more, or all")
    if find_spec("snakemake") is None:
        raise InputError("snakemake is not installed; use pip install snakemake")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile())]
    if cores is not None or not any(_names(argument, PARALLEL) for argument in handed_on):
        command += ["--cores", cores or "1"]
    end = handed_on.index("--") if "--" in handed_on else len(handed_on)
    # last but for what is a target by "--", so that no other target is read as a configuration
    given = ["--configfile", *files] if files else []
    return [*command, *handed_on[:end], *given, *handed_on[end:]]


def _configuration(file: str) -> str:
    """A file here, or one of those that come with the workflow."""
    for path in (Path(file), root() / file):
        if path.is_file():
            return str(path)
    raise InputError(f"--configfile {file}: no such file; write one with dnalrp init --out {file}")


def _names(argument: str, options: Sequence[str]) -> bool:
    """Is an argument one of these options, also with its value attached: ``--cores=4``, ``-c4``?"""
    short = [option for option in options if not option.startswith("--")]
    return argument.partition("=")[0] in options or argument[:2] in short
