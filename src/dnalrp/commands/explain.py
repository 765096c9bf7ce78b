"""``dnalrp explain``: maps of the sequences of a FASTA file, or of intervals of a genome."""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from dnalrp.commands.options import add_extensions, choices_of, method_choice
from dnalrp.commands.table import add_json, print_table
from dnalrp.errors import InputError
from dnalrp.results import MapName, attribution_name

if TYPE_CHECKING:
    import pandas as pd
    from transformers import PreTrainedModel

    from dnalrp.attribution.targets import Target

EXAMPLES = """examples:
  dnalrp explain results/models/oct4_mafk/dnabert2/seed1 --fasta peaks.fa --out maps
  dnalrp explain MODEL --bed peaks.bed --genome hg38.fa --target 0 --out maps
  dnalrp explain MODEL --fasta peaks.fa --method integrated_gradients --device cuda --out maps

Writes METHOD.h5 (tokens), METHOD.MAP.h5 (nucleotides), tables (.tsv.gz), arrays for modisco and
finemo (.npz), and where coordinates are known (BED, or FASTA headers chrom:start-end) bigWig,
bedGraph and a session for IGV. Prints the explained output of every sequence.
"""
SIZES, DROPPED = "chrom.sizes", "dropped.tsv"


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Explain what a model makes of sequences."
    _add_input(parser)
    _add_method(parser)
    _add_form(parser)
    add_extensions(parser)
    add_json(parser)


def _add_input(parser: argparse.ArgumentParser) -> None:
    """What is explained, and where that is written."""
    parser.add_argument("model", metavar="MODEL", help="a folder, or an id on the hub")
    parser.add_argument("--revision", default="main", help="branch, tag or commit on the hub")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--fasta", metavar="FILE", help="sequences")
    given.add_argument("--bed", metavar="FILE", help="BED or narrowPeak: intervals of --genome")
    parser.add_argument("--genome", metavar="FASTA", help="genome of --bed, plain or gzip")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: cpu")
    parser.add_argument(
        "--batch-size", type=int, default=64, metavar="N", help="sequences at once; default: 64"
    )


def _add_method(parser: argparse.ArgumentParser) -> None:
    """By which method, and what of the output."""
    from dnalrp.attribution.options import AttnLrpOptions

    parser.add_argument(
        "--method", help="default: lrp for the CNN, attnlrp for all others; a wrong one lists all"
    )
    parser.add_argument("--target", metavar="CLASS", help="number or name; default: class 1 of two")
    parser.add_argument(
        "--quantity",
        choices=("margin", "logit", "probability"),
        default="margin",
        help="explained of the class: its logit minus the highest other (default), as it is, or "
        "its probability",
    )
    parser.add_argument(
        "--option",
        dest="method_options",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the method, as docs/settings.md lists them; repeatable",
    )
    parser.add_argument(
        "--alibi",
        metavar="READING",
        help=f"short for --option alibi=READING, of attnlrp; default: {AttnLrpOptions().alibi}",
    )


def _add_form(parser: argparse.ArgumentParser) -> None:
    """In which form maps are written."""
    from dnalrp.settings.project import Projection
    from dnalrp.settings.tracks import Tracks

    parser.add_argument(
        "--map",
        choices=get_args(Projection),
        default="split",
        help="a token's relevance is shared by its bases (default), or each has all of it",
    )
    parser.add_argument(
        "--signs",
        choices=choices_of(Tracks, "signs"),
        default="signed",
        help="one track of both signs (default), or one of each",
    )
    parser.add_argument(
        "--assembly",
        metavar="GENOME",
        help="genome as IGV names it, or its FASTA file; default: --genome, else hg38",
    )


def run(options: argparse.Namespace) -> int:
    """Explain, write, and print a row a sequence."""
    with tempfile.TemporaryDirectory() as index:
        return _run(options, index)


def _run(options: argparse.Namespace, index: str) -> int:
    import pandas as pd

    from dnalrp.attribution.explanation import methods
    from dnalrp.attribution.storage import read_attributions, write_nucleotides
    from dnalrp.models.device import compute_device
    from dnalrp.models.loading import load
    from dnalrp.names import base_method, is_randomised
    from dnalrp.provenance import check_folder, provenance
    from dnalrp.settings.tracks import Tracks
    from dnalrp.stages.attribute import Question, write_relevance
    from dnalrp.stages.project import by_nucleotide
    from dnalrp.tracks.writing import write_tracks

    check_folder(options.out, "--out")
    sequences = _sequences(options, index)
    device = compute_device(options.device == "cuda")
    model = load(options.model, revision=options.revision, trained=True)
    method = options.method or methods(model)[0]
    if is_randomised(method):
        raise InputError(
            f"--method {method}: only the workflow makes this control; name {base_method(method)!r}"
        )
    said = {key: value for key, value in vars(options).items() if key not in ("run", "json")}
    inputs = [p for p in (options.fasta, options.bed, options.model) if p and Path(p).exists()]
    record = provenance("explain", {**said, "method": method}, inputs)
    folder = Path(options.out)
    choice = method_choice(method, options.method_options, {"alibi": options.alibi})
    question = Question(choice, device, options.batch_size, target=_target(model, options))
    path = folder / attribution_name(method)
    write_relevance(path, model, sequences, question, record=record)
    maps = by_nucleotide(read_attributions(path, sequences["id"].tolist()), options.map)
    write_nucleotides(folder / MapName(method, options.map).file, maps, record)
    tracks = Tracks(
        map=options.map,
        signs=options.signs,
        assembly=options.assembly or options.genome or "hg38",
        chromosome_sizes=str(Path(index) / SIZES) if options.bed else None,
    )
    write_tracks(maps, sequences, folder, method, settings=tracks)
    if (dropped := Path(index) / DROPPED).exists():
        shutil.copyfile(dropped, folder / DROPPED)
    table = pd.DataFrame({"id": maps.ids, "length": maps.lengths, "output": maps.outputs})
    print_table(table.assign(relevance=maps.padded().sum(axis=1)), options.json)
    return 0


def _sequences(options: argparse.Namespace, index: str) -> "pd.DataFrame":
    """``id, sequence`` and, where any has them, ``chrom, start, end, strand``."""
    import pandas as pd

    from dnalrp.data.fasta import read_fasta

    if options.bed and not options.genome:
        raise InputError("--bed: needs --genome, the FASTA file that its intervals are of")
    if options.genome and not options.bed:
        raise InputError("--genome: goes with --bed; of --fasta the headers tell the places")
    if options.bed:
        table = _intervals_of_genome(options.bed, options.genome, index)
    else:
        table = pd.DataFrame(read_fasta(options.fasta)).rename(columns={"name": "id"})
        if table["chrom"].isna().all():
            table = table[["id", "sequence"]]
    if table["id"].duplicated().any():
        twice = table.loc[table["id"].duplicated(), "id"].iloc[0]
        raise InputError(f"{options.fasta}: {twice!r} occurs twice; rename one")
    return table


def _intervals_of_genome(bed: str, genome: str, folder: str) -> "pd.DataFrame":
    """Sequences of a BED or narrowPeak file's intervals, reverse-complemented on ``-``.

    Chromosomes are named as in that file, which browsers know, also in ``SIZES`` in ``folder``,
    and ``DROPPED`` there lists the intervals that the genome lacks.
    """
    import pandas as pd

    from dnalrp.data.genome import Genome
    from dnalrp.data.intervals import fit_to_genome, read_bed, unique_names
    from dnalrp.data.nucleotides import reverse_complement

    rows = []
    with Genome(genome, folder) as opened:
        sizes = dict(opened.lengths)
        peaks = read_bed(bed)
        fitted = fit_to_genome(peaks, opened, bed)
        if len(fitted.left_out):
            listed = fitted.left_out[["chrom", "start", "end", "line", "reason"]]
            listed.to_csv(Path(folder) / DROPPED, sep="\t", index=False)
        given_names = peaks.loc[fitted.kept.index, "chrom"]
        for peak, chrom in zip(fitted.kept.itertuples(), given_names, strict=True):
            text = opened.window(peak.chrom, peak.start, peak.end)
            text = reverse_complement(text) if peak.strand == "-" else text
            name = f"{chrom}:{peak.start}-{peak.end}({peak.strand})"
            sizes[chrom] = sizes.pop(peak.chrom, opened.lengths[peak.chrom])
            rows.append((name, text, chrom, peak.start, peak.end, peak.strand))
    lines = [f"{name}\t{length}\n" for name, length in sizes.items()]
    (Path(folder) / SIZES).write_text("".join(lines), encoding="utf-8")
    columns = ["id", "sequence", "chrom", "start", "end", "strand"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(id=unique_names(table["id"]))


def _target(model: "PreTrainedModel", options: argparse.Namespace) -> "Target":
    """The class that is explained: a number, unless the model calls a class so."""
    from dnalrp.attribution.targets import Target

    label = options.target
    if label is not None and label.isdecimal() and label not in model.config.label2id:
        label = int(label)
    return Target(label, options.quantity)
