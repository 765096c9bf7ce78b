"""``dnalrp explain``: maps of the sequences of a FASTA file, or of intervals of a genome."""

import argparse
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnalrp.commands.table import add_json, print_table
from dnalrp.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from dnalrp.attribution.storage import NucleotideMaps

EXAMPLES = """examples:
  dnalrp explain results/models/oct4_mafk/dnabert2/seed1 --fasta peaks.fa --out maps
  dnalrp explain MODEL --bed peaks.bed --genome hg38.fa --target 0 --out maps
  dnalrp explain MODEL --fasta peaks.fa --method integrated_gradients --device cuda --out maps

Writes METHOD.h5 (tokens), METHOD.MAP.h5 (nucleotides), tables (.tsv.gz), arrays for modisco and
finemo (.npz), and where coordinates are known (BED, or FASTA headers chrom:start-end) bigWig,
bedGraph and a session for IGV. Prints the explained output of every sequence.
"""
SIZES = "chrom.sizes"


def add(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Explain what a model makes of sequences."
    parser.add_argument("model", metavar="MODEL", help="a folder, or an id on the hub")
    parser.add_argument("--revision", default="main", help="branch, tag or commit on the hub")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--fasta", metavar="FILE", help="sequences")
    given.add_argument("--bed", metavar="FILE", help="BED or narrowPeak: intervals of --genome")
    parser.add_argument("--genome", metavar="FASTA", help="genome of --bed, plain or gzip")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to write")
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
        "--map",
        choices=("split", "copy"),
        default="split",
        help="a token's relevance is shared by its bases (default), or each has all of it",
    )
    parser.add_argument(
        "--alibi",
        choices=("absorb", "identity", "uniform"),
        default="absorb",
        help="how attnlrp reads DNABERT-2's position bias; default: absorb",
    )
    parser.add_argument(
        "--batch-size", type=int, default=64, metavar="N", help="sequences at once; default: 64"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: cpu")
    parser.add_argument(
        "--signs",
        choices=("signed", "separate"),
        default="signed",
        help="one track of both signs (default), or one of each",
    )
    parser.add_argument("--assembly", default="hg38", help="genome as IGV names it; default: hg38")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Explain, write, and print a row a sequence."""
    with tempfile.TemporaryDirectory() as index:
        return _run(options, index)


def _run(options: argparse.Namespace, index: str) -> int:
    import pandas as pd

    from dnalrp.attribution.explanation import methods
    from dnalrp.attribution.storage import write_attributions, write_nucleotides
    from dnalrp.models.device import compute_device
    from dnalrp.models.loading import load
    from dnalrp.provenance import check_folder, provenance
    from dnalrp.tracks.writing import write_tracks

    check_folder(options.out, "--out")
    sequences = _sequences(options, index)
    device = compute_device(options.device == "cuda")
    model = load(options.model, revision=options.revision, trained=True)
    method = options.method or methods(model)[0]
    said = {key: value for key, value in vars(options).items() if key not in ("run", "json")}
    inputs = [p for p in (options.fasta, options.bed, options.model) if p and Path(p).exists()]
    record = provenance("explain", {**said, "method": method}, inputs)
    folder = Path(options.out)
    batches = _batches(model, sequences, method, device, options)
    batches = chain([next(batches)], batches)  # mistakes come to light before a folder is made
    write_attributions(folder / f"{method}.h5", batches, record)
    maps = _nucleotides(folder / f"{method}.h5", sequences["id"].tolist(), options.map)
    write_nucleotides(folder / f"{method}.{options.map}.h5", maps, record)
    settings = {
        "signs": options.signs,
        "assembly": options.assembly,
        "chromosome_sizes": Path(index) / SIZES if options.bed else None,
    }
    write_tracks(maps, sequences, folder, method, settings)
    table = pd.DataFrame({"id": maps.ids, "length": maps.lengths, "output": maps.outputs})
    print_table(table.assign(relevance=maps.relevance.sum(axis=1)), options.json)
    return 0


def _sequences(options: argparse.Namespace, index: str) -> "pd.DataFrame":
    """``id, sequence`` and, where all have them, ``chrom, start, end, strand``."""
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
        if table["chrom"].isna().any():
            table = table[["id", "sequence"]]
    if table["id"].duplicated().any():
        twice = table.loc[table["id"].duplicated(), "id"].iloc[0]
        cure = "remove one" if options.bed else "rename one"
        raise InputError(f"{options.fasta or options.bed}: {twice!r} occurs twice; {cure}")
    return table


def _intervals_of_genome(bed: str, genome: str, folder: str) -> "pd.DataFrame":
    """Sequences of a BED or narrowPeak file's intervals, reverse-complemented on ``-``.

    Chromosomes are named as in that file, which browsers know, also in ``SIZES`` in ``folder``.
    """
    import pandas as pd

    from dnalrp.data.genome import Genome
    from dnalrp.data.intervals import read_bed
    from dnalrp.data.nucleotides import reverse_complement

    rows = []
    with Genome(genome, folder) as opened:
        sizes = dict(opened.lengths)
        for peak in read_bed(bed).itertuples():
            where = f"{bed}, line {peak.line}"
            chrom = opened.chromosome(peak.chrom, where)
            if peak.end > opened.lengths[chrom]:
                raise InputError(
                    f"{where}: end {peak.end} is beyond {chrom} of {genome}, which has "
                    f"{opened.lengths[chrom]} bases; give the genome that the intervals are of"
                )
            text = opened.window(chrom, peak.start, peak.end)
            text = reverse_complement(text) if peak.strand == "-" else text
            name = f"{peak.chrom}:{peak.start}-{peak.end}({peak.strand})"
            sizes[peak.chrom] = sizes.pop(chrom, opened.lengths[chrom])
            rows.append((name, text, peak.chrom, peak.start, peak.end, peak.strand))
    lines = [f"{name}\t{length}\n" for name, length in sizes.items()]
    (Path(folder) / SIZES).write_text("".join(lines), encoding="utf-8")
    columns = ["id", "sequence", "chrom", "start", "end", "strand"]
    return pd.DataFrame(rows, columns=columns)


def _batches(
    model: Any, sequences: "pd.DataFrame", method: str, device: Any, options: argparse.Namespace
) -> Iterator[Any]:
    """Batches of relevance as an attribution file takes them."""
    from dnalrp.attribution.explanation import iterate_relevance
    from dnalrp.attribution.storage import stored_batch
    from dnalrp.attribution.targets import Target

    label = options.target
    if label is not None and label.isdecimal() and label not in model.config.label2id:
        label = int(label)
    texts, ids = sequences["sequence"].tolist(), sequences["id"].tolist()
    for batch in iterate_relevance(
        *(model, texts, method, Target(label, options.quantity), options.batch_size),
        device=device,
        alibi=options.alibi,
    ):
        yield stored_batch(batch, ids, texts)


def _nucleotides(path: Path, ids: list[str], how: str) -> "NucleotideMaps":
    import numpy as np

    from dnalrp.attribution.storage import NucleotideMaps, read_attributions
    from dnalrp.projection import to_nucleotides

    maps = read_attributions(path, ids)
    projected = np.zeros((len(ids), maps.lengths.max()), dtype=np.float32)
    for row, length in enumerate(maps.lengths):
        own = to_nucleotides(maps.relevance[row], maps.spans[row], int(length), how)
        projected[row, :length] = own
    return NucleotideMaps(ids, maps.lengths, projected, maps.outputs)
