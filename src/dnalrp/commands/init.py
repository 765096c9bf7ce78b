"""``dnalrp init``: write a commented configuration for your own data."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from dnalrp.commands.datasets import has_places, own_dataset, pairs
from dnalrp.errors import InputError
from dnalrp.models.checkpoints import find_checkpoint
from dnalrp.workflow_files import CONFIGURATION, SNAKEFILE, root

EXAMPLES = """examples:
  dnalrp init --out mine.yaml                # asks, on a terminal
  dnalrp init --class weak=weak.fa --class strong=strong.fa --motif strong=MA0142 \\
      --dev chr9 chr10 --test chr1 chr8 --out mine.yaml
  dnalrp init --class peak=peaks.narrowPeak --genome hg38.fa.gz --negatives genome \\
      --dev chr9 --test chr1 --out mine.yaml
  dnalrp init --table train.csv dev.csv test.csv --class other --class promoter --out mine.yaml
  dnalrp init --table all.csv --class other --class promoter --dev 0.1 --test 0.1 \\
      --fine-tuned output/dnabert2 --out mine.yaml
  dnalrp run --cores 4 --configfile mine.yaml

Classes are given in the order of their labels, 0 first; of two, explained is the second over the
first. A table whose labels are lists such as 0;2, or columns of 0 and 1 named as the classes, is
read as one of several labels a sequence. Negatives that are made, or read by --negatives, are class
0. FASTA headers chrom:start-end let whole chromosomes be held out; else give shares. The file holds
all settings of the project's config.yaml, with its comments, and your data set in place of those.
"""
OTHER_FORM = "the project's config.yaml has another form; copy and edit it instead"
STYLE: dict[str, Any] = {
    "sort_keys": False,
    "default_flow_style": None,
    "allow_unicode": True,
    "width": 1000,
}
DATASETS = re.compile(r"^datasets:\n(?:(?:[ #].*)?\n)*", re.MULTILINE)


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Write a configuration for your own data. What is not given is asked."
    _add_data(parser)
    model = parser.add_mutually_exclusive_group()
    model.add_argument("--pretrained", metavar="MODEL", help="DNABERT-2 to fine-tune")
    model.add_argument("--fine-tuned", metavar="MODEL", help="a classifier to explain as it is")
    parser.add_argument("--results", metavar="FOLDER", help="default: results")
    parser.add_argument("--gpu", action="store_true", help="use a CUDA device")
    parser.add_argument("--out", default="config.yaml", metavar="FILE", help="default: config.yaml")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--project", metavar="FOLDER", help="default: that of this dnalrp")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", help="of the data set; default: mine")
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="NAME=FILE[,FILE]",
        help="a class and its files, FASTA, or BED and narrowPeak with --genome; NAME alone with "
        "--table; once for each class",
    )
    parser.add_argument(
        "--table",
        nargs="+",
        metavar="FILE",
        help="sequence,label as CSV or TSV, or a column for each label: one file, or train, dev "
        "and test",
    )
    parser.add_argument("--split", metavar="COLUMN", help="of one table: holds train, dev or test")
    parser.add_argument("--genome", metavar="FASTA", help="genome that the intervals are of")
    parser.add_argument("--length", type=int, metavar="BASES", help="with --genome; default: 200")
    parser.add_argument(
        "--negatives",
        metavar="KIND",
        help="of one class: genome (regions of equal GC content), shuffle, or FILE[,FILE]",
    )
    parser.add_argument(
        "--motif",
        dest="motifs",
        action="append",
        default=[],
        metavar="NAME=ID[,ID]",
        help="JASPAR ids that a class should show: the ground truth",
    )
    parser.add_argument(
        "--dev", nargs="+", metavar="CHROM", help="chromosomes, or a share, to choose epochs on"
    )
    parser.add_argument(
        "--test", nargs="+", metavar="CHROM", help="chromosomes, or a share, to test on"
    )


def run(options: argparse.Namespace) -> int:
    """Ask for what is missing, check, write."""
    import yaml

    from dnalrp.provenance import written_whole
    from dnalrp.settings import read_configuration, without_nulls

    path = Path(options.out)
    if path.exists() and not options.force:
        raise InputError(f"{path}: is there already; give another --out, or --force")
    project = Path(options.project) if options.project else project_of(path)
    if not (project / CONFIGURATION).is_file():
        raise InputError(
            f"{project}: holds no {CONFIGURATION}; give the project's folder by --project"
        )
    ask_for_what_is_missing(options)
    name = options.name or "mine"
    base = (project / CONFIGURATION).read_text(encoding="utf-8")
    text = _text(base, name, own_dataset(options), options)
    read_configuration(without_nulls(yaml.safe_load(text)))
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
    print(f"{path} is written; next: dnalrp run --cores 4 --configfile {path}")
    return 0


def project_of(path: str | Path) -> Path:
    """The project's folder: that of a configuration, the current one, or the package's."""
    for folder in (Path(path).resolve().parent, Path.cwd()):
        if (folder / CONFIGURATION).is_file() and (folder / SNAKEFILE).is_file():
            return folder
    return root()


def ask_for_what_is_missing(options: argparse.Namespace) -> None:
    """Fill in the options, from a person if one is there."""
    if not sys.stdin.isatty():
        if not options.classes:
            raise InputError("init: give --class for each class, or run it on a terminal")
        if _needs_splits(options) and not (options.dev and options.test):
            raise InputError("init: give --dev and --test, or run it on a terminal")
        return
    if not options.classes:
        options.name = options.name or _answer("name of the data set", "mine")
        if not (options.table or options.genome):
            _ask_for_data(options)
        _ask_for_classes(options)
    if _needs_splits(options):
        files = [file for paths in pairs(options.classes, "--class").values() for file in paths]
        placed = options.genome or (not options.table and has_places(files))
        dev, test = ("chr9 chr10", "chr1 chr8") if placed else ("0.1", "0.1")
        what = "chromosomes, or a share," if placed else "share of the sequences"
        options.dev = options.dev or _answer(f"{what} for dev", dev).split()
        options.test = options.test or _answer(f"{what} for test", test).split()


def _needs_splits(options: argparse.Namespace) -> bool:
    return not options.split and len(options.table or []) < 2


def _ask_for_data(options: argparse.Namespace) -> None:
    kind = _answer("data: fasta, bed or table", "fasta", ("fasta", "bed", "table"))
    if kind == "bed":
        options.genome = _answer("FASTA file of the genome")
    if kind == "table":
        options.table = _answer("the table, or those of train, dev and test").split()
        if len(options.table) == 1:
            column = _answer("column that says train, dev or test", "none")
            options.split = None if column == "none" else column


def _ask_for_classes(options: argparse.Namespace) -> None:
    if options.table:
        names = _answer("names of the classes in the order of their labels", "other positive")
        options.classes += names.split()
        return
    kind = "BED or narrowPeak" if options.genome else "FASTA"
    if options.negatives is None:
        made = ("shuffle", "genome") if options.genome else ("shuffle",)
        question = f"class 0: files, or negatives that are made: {', '.join(made)}"
        chosen = _answer(question, "files", ("files", *made))
        options.negatives = None if chosen == "files" else chosen
    for label in (0, 1) if options.negatives is None else (1,):
        name = _answer(f"name of class {label}", f"class{label}")
        files = _answer(f"{kind} files of {name}, separated by commas")
        options.classes.append(f"{name}={files}")
        motifs = _answer(f"JASPAR ids that {name} should show, such as MA0142", "none")
        options.motifs += [] if motifs == "none" else [f"{name}={motifs}"]


def _answer(question: str, default: str | None = None, choices: Sequence[str] = ()) -> str:
    """What a person types, asked until it is one of the choices; the question goes to stderr."""
    hint = "" if default is None else f" [{default}]"
    while True:
        print(f"{question}{hint}: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise InputError("init: the answers ended early; nothing was written")
        answer = line.strip() or default
        if answer and (not choices or answer in choices):
            return answer


def _text(base: str, name: str, dataset: dict[str, Any], options: argparse.Namespace) -> str:
    """The project's configuration with this data set in place of its own."""
    import yaml

    example = [key for key in yaml.safe_load(base)["datasets"] if key != name]
    lines = [
        "datasets:",
        *(f"  {key}: null  # the project's own, left out" for key in example),
        f"  {name}:",
        *_commented(dataset),
    ]
    literal = "\n".join([*lines, "", ""]).replace("\\", r"\\")  # of a path on Windows, say
    text = DATASETS.sub(literal, base, count=1)
    text = re.sub(r"\A(#.*\n)+", f"# Settings for {name}, made by dnalrp init.\n", text)
    changes: dict[str, Any] = {"results": options.results, "gpu": options.gpu or None}
    for key, value in changes.items():
        if value is not None:
            text = _with_value(text, rf"^{key}: ", value)
    if options.genome is not None:
        text = _with_value(text, r"^  assembly: ", options.genome)
    if options.pretrained is not None:
        text = _with_value(
            text, r"^  dnabert2:\n(?:    .*\n)*?    pretrained: ", options.pretrained
        )
    return text if options.fine_tuned is None else _with_fine_tuned(text, options.fine_tuned)


def _commented(dataset: dict[str, Any]) -> list[str]:
    """Lines of a data set, each setting below what its section says of it."""
    import yaml

    from dnalrp.data.sources.catalogue import SOURCES

    fields = SOURCES[dataset["source"]].section.model_fields
    lines = []
    for line in yaml.safe_dump(dataset, **STYLE).splitlines():
        field = fields.get(line.partition(":")[0])
        if field is not None and field.description:
            lines += wrap(field.description, 94, initial_indent="# ", subsequent_indent="# ")
        lines.append(line)
    return [f"    {line}" for line in lines]


def _with_fine_tuned(text: str, model: str) -> str:
    """The text with a classifier that is explained as it is in place of the one to be trained."""
    import json

    import yaml

    models = yaml.safe_load(text)["models"]
    architecture = _architecture(model)
    section = {**models["dnabert2"], "architecture": architecture, "pretrained": model}
    section["training"] = None
    left_out = ""
    if architecture != "dnabert2":  # its sizes are its own; the name changes with the architecture
        section = {k: v for k, v in section.items() if k not in ("size", "max_token_length")}
        left_out = "  dnabert2: null  # the project's own, left out\n"
        text = re.sub(r"(?m)^    dnabert2: \[", f"    {architecture}: [", text)
    indented = "".join(f"    {key}: {json.dumps(value)}\n" for key, value in section.items())
    indented = indented.replace("training: null", "training: null  # explained as it is")
    section_match = re.search(r"(?m)^  dnabert2:\n(?:    .*\n)+", text)
    if section_match is None:
        raise InputError(OTHER_FORM)
    before, after = text[: section_match.start()], text[section_match.end() :]
    return f"{before}{left_out}  {architecture}:\n{indented}{after}"


def _architecture(model: str) -> str:
    """Architecture of a checkpoint by its own configuration; one of the hub is a DNABERT-2."""
    import json

    from dnalrp.models.catalogue import ARCHITECTURES, detected_architecture

    folder = Path(find_checkpoint(model).model)
    if not folder.is_dir():
        return "dnabert2"
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{folder}: config.json is no JSON; fetch or write it again") from error
    known = detected_architecture(settings) if isinstance(settings, dict) else None
    if known is None or known.family != "encoder":
        encoders = [name for name, one in ARCHITECTURES.items() if one.family == "encoder"]
        raise InputError(
            f"--fine-tuned {model}: is a checkpoint of none of {', '.join(encoders)}; name a CNN "
            "of your own by hand, as 'pretrained' of 'models'"
        )
    return known.name


def _with_value(text: str, pattern: str, value: Any) -> str:
    """The text with the value after ``pattern`` replaced; a comment after it stays."""
    import json

    match = re.search(rf"(?m){pattern}(\S+)", text)
    if match is None:
        raise InputError(OTHER_FORM)
    return text[: match.start(1)] + json.dumps(value) + text[match.end(1) :]
