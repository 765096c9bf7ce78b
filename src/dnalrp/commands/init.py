"""``dnalrp init``: write a commented configuration for your own data."""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from dnalrp.errors import InputError

EXAMPLES = """examples:
  dnalrp init --out mine.yaml                # asks, on a terminal
  dnalrp init --name tissue --class weak=weak.fa --class strong=strong.fa \\
      --motif strong=MA0142 --dev chr9 chr10 --test chr1 chr8 --out mine.yaml
  snakemake --cores 4 --configfile mine.yaml

FASTA headers are chrom:start-end. The first class is label 0, the second label 1; explained is
the second over the first. The file holds all settings of the project's config.yaml, with its
comments, and your data set in place of those.
"""
SCHEMA = "workflow/schemas/config.schema.yaml"
DATASETS = re.compile(r"^datasets:\n(?:(?:[ #].*)?\n)*", re.MULTILINE)


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Write a configuration for your own data. What is not given is asked."
    parser.add_argument("--name", help="of the data set; default: mine")
    parser.add_argument(
        *("--class",),
        dest="classes",
        action="append",
        default=[],
        metavar="NAME=FASTA[,FASTA]",
        help="a class and its files; give it twice",
    )
    parser.add_argument(
        *("--motif",),
        dest="motifs",
        action="append",
        default=[],
        metavar="NAME=ID[,ID]",
        help="JASPAR ids that a class should show: the ground truth",
    )
    parser.add_argument("--dev", nargs="+", metavar="CHROM", help="chromosomes to choose epochs on")
    parser.add_argument("--test", nargs="+", metavar="CHROM", help="chromosomes to test on")
    parser.add_argument("--pretrained", metavar="MODEL", help="DNABERT-2 to fine-tune")
    parser.add_argument("--results", metavar="FOLDER", help="default: results")
    parser.add_argument("--gpu", action="store_true", help="use a CUDA device")
    parser.add_argument("--out", default="config.yaml", metavar="FILE", help="default: config.yaml")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--project", metavar="FOLDER", help="default: where dnalrp was set up")


def run(options: argparse.Namespace) -> int:
    """Ask for what is missing, check, write."""
    import yaml

    from dnalrp.provenance import written_whole
    from dnalrp.settings import check_settings

    path = Path(options.out)
    if path.exists() and not options.force:
        raise InputError(f"{path}: is there already; give another --out, or --force")
    project = Path(options.project) if options.project else project_of(path)
    schema = project / SCHEMA
    if not schema.is_file():
        raise InputError(f"{project}: holds no {SCHEMA}; give the project's folder by --project")
    _ask_for_what_is_missing(options)
    name = options.name or "mine"
    text = _text((project / "config.yaml").read_text(encoding="utf-8"), name, options)
    settings = yaml.safe_load(text)
    datasets = settings["datasets"]
    settings["datasets"] = {key: value for key, value in datasets.items() if value is not None}
    check_settings(settings, schema)
    for entry in datasets[name]["classes"]:
        for fasta in entry["fasta"]:
            if not Path(fasta).is_file():
                raise InputError(f"{fasta}: no such file; correct --class {entry['name']}")
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
    print(f"{path} is written; next: snakemake --cores 4 --configfile {path}")
    return 0


def project_of(path: str | Path) -> Path:
    """The project's folder: that of a configuration, the current one, or the package's."""
    for folder in (Path(path).resolve().parent, Path.cwd(), Path(__file__).resolve().parents[3]):
        if (folder / SCHEMA).is_file():
            return folder
    raise InputError(f"no {SCHEMA} here; run this in the project's folder")


def _ask_for_what_is_missing(options: argparse.Namespace) -> None:
    """Fill in the options, from a person if one is there."""
    here = sys.stdin.isatty()
    if not here and (len(options.classes) != 2 or not (options.dev and options.test)):
        raise InputError("init: give --class twice, --dev and --test, or run it on a terminal")
    if not options.classes:
        options.name = options.name or _answer("name of the data set", "mine")
        for label in (0, 1):
            name = _answer(f"name of class {label}", f"class{label}")
            files = _answer(f"FASTA files of {name}, separated by commas")
            options.classes.append(f"{name}={files}")
            if motifs := _answer(f"JASPAR ids that {name} should show, such as MA0142", "none"):
                options.motifs += [] if motifs == "none" else [f"{name}={motifs}"]
    options.dev = options.dev or _answer("chromosomes for dev", "chr9 chr10").split()
    options.test = options.test or _answer("chromosomes for test", "chr1 chr8").split()


def _answer(question: str, default: str | None = None) -> str:
    """What a person types; the question goes to stderr."""
    hint = "" if default is None else f" [{default}]"
    while True:
        print(f"{question}{hint}: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise InputError("init: the answers ended early; nothing was written")
        if answer := line.strip() or default:
            return answer


def _pairs(given: list[str], option: str) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for text in given:
        name, _, values = text.partition("=")
        if not name or not values:
            raise InputError(f"{option} {text}: write NAME=VALUE,VALUE")
        if name in pairs:
            raise InputError(f"{option} {name}: given twice; separate its values by commas")
        pairs[name] = values.split(",")
    return pairs


def _text(base: str, name: str, options: argparse.Namespace) -> str:
    """The project's configuration with this data set in place of its own."""
    import yaml

    classes, motifs = _pairs(options.classes, "--class"), _pairs(options.motifs, "--motif")
    if len(classes) != 2:
        raise InputError(f"--class: {len(classes)} given; give two")
    if unknown := sorted(set(motifs) - set(classes)):
        raise InputError(
            f"--motif {unknown[0]}: no class has this name; choose one of {[*classes]}"
        )
    dataset = {
        "source": "peaks",
        "archive": None,
        "classes": [
            {"name": own, "fasta": files, "motifs": motifs.get(own, [])}
            for own, files in classes.items()
        ],
        "splits": {"dev": options.dev, "test": options.test},
        "site_p_value": 0.0001,
    }
    example = [key for key in yaml.safe_load(base)["datasets"] if key != name]
    lines = [
        "datasets:",
        *(f"  {key}: null  # the project's own, left out" for key in example),
        *_indented({name: dataset}),
    ]
    text = DATASETS.sub(lambda _: "\n".join(lines) + "\n\n", base, count=1)
    text = re.sub(r"\A(#.*\n)+", f"# Settings for {name}, made by dnalrp init.\n", text)
    changes: dict[str, Any] = {"results": options.results, "gpu": options.gpu or None}
    for key, value in changes.items():
        if value is not None:
            text = _with_value(text, rf"^{key}: ", value)
    if options.pretrained is not None:
        text = _with_value(
            text, r"^  dnabert2:\n(?:    .*\n)*?    pretrained: ", options.pretrained
        )
    return text


def _indented(value: dict[str, Any]) -> list[str]:
    import yaml

    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=None, allow_unicode=True)
    return [f"  {line}" for line in text.splitlines()]


def _with_value(text: str, place: str, value: Any) -> str:
    """The text with the value after ``place``, a pattern, replaced; a comment after it stays."""
    import json

    found = re.search(rf"(?m){place}(\S+)", text)
    if found is None:
        raise InputError("the project's config.yaml has another form; copy and edit it instead")
    return text[: found.start(1)] + json.dumps(value) + text[found.end(1) :]
