"""Crops of genomes, and genomes out of alignments."""

import numpy as np
import pytest
from toy_pretraining import CROPS, varied_records, write_fasta

from dnalrp.data.alignment import maf_to_fasta
from dnalrp.data.crops import CropSampler
from dnalrp.data.fasta import read_fasta
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError


@pytest.fixture(scope="module")
def records():
    return varied_records()


@pytest.fixture(scope="module")
def genome(records, tmp_path_factory):
    path = write_fasta(tmp_path_factory.mktemp("genome") / "genome.fa", records)
    return CropSampler([path], CROPS, held_out=6, seed=1)


def places(crop, records):
    """Record and start of a crop on either strand, found by searching."""
    return [
        (index, record.find(strand))
        for index, record in enumerate(records)
        for strand in (crop, reverse_complement(crop))
        if strand in record
    ]


def test_a_crop_is_a_piece_of_one_record_with_few_n(genome, records):
    lengths, strands = set(), set()
    for index in range(300):
        crop = genome.crop((1, index))
        assert places(crop, records)
        assert crop.count("N") <= 0.1 * len(crop)
        lengths.add(len(crop))
        strands.add(any(crop in record for record in records))
    assert lengths == set(range(20, 31))
    assert strands == {True, False}


def test_windows_held_out_are_never_read(genome, records):
    held_out = [places(window, records)[0] for window in genome.held_out()]
    assert len(set(held_out)) == 6
    drawn = [genome.crop((2, index)) for index in range(400)]
    for crop in [*drawn, *genome.held_out()]:
        ((record, start),) = places(crop, records)
        for other, first in held_out:
            apart = record != other or start + len(crop) <= first or first + 30 <= start
            assert apart or (record, start, len(crop)) == (other, first, 30)
    touching = [
        (record, start)
        for record, start in (places(crop, records)[0] for crop in drawn)
        if any(record == other and abs(start - first) < 60 for other, first in held_out)
    ]
    assert touching  # right beside a window is allowed


def test_crops_cover_all_of_the_genome_evenly(genome, records):
    counts = np.zeros(len(records))
    for index in range(600):
        counts[places(genome.crop((3, index)), records)[0][0]] += 1
    free = np.array([len(record) - 25 - 2 * record.count("N") for record in records], float)
    np.testing.assert_allclose(counts / 600, free / free.sum(), atol=0.15)


def test_same_seed_same_crop(genome):
    first = [genome.crop((1, 2, index)) for index in range(20)]
    assert first == [genome.crop((1, 2, index)) for index in range(20)]
    assert first != [genome.crop((2, 2, index)) for index in range(20)]


def test_no_place_for_a_crop_is_said(tmp_path):
    path = write_fasta(tmp_path / "n.fa", ["ACGT" * 4, "N" * 300])
    with pytest.raises(InputError, match="no place for 30 bases in 2 record"):
        CropSampler([path], CROPS, held_out=1, seed=1)


MAF = """##maf version=1
a score=1
s hg19.chr22 100 6 + 5000 AC-GTna
s panTro2.chr22 90 7 + 5000 ACCGTAA

a score=2
s panTro2.chr22 190 2 - 5000 GG
s hg19.chr22 200 2 + 5000 GT
"""


def test_a_row_of_an_alignment_becomes_fasta(tmp_path):
    maf, fasta = tmp_path / "a.maf", tmp_path / "chr22.fa.gz"
    maf.write_text(MAF)
    assert maf_to_fasta(maf, "hg19.chr22", fasta) == 8
    records = [(r.name, r.sequence, r.chrom, r.start) for r in read_fasta(fasta)]
    assert records == [
        ("chr22:100-106", "ACGTNA", "chr22", 100),
        ("chr22:200-202", "GT", "chr22", 200),
    ]


@pytest.mark.parametrize(
    ("text", "source", "message"),
    [
        (MAF, "hg19.chr1", "no row of 'hg19.chr1'"),
        (MAF.replace("100 6", "100 7"), "hg19.chr22", "line 3: says 7 bases and holds 6"),
        (MAF, "panTro2.chr22", "line 7: lies on the reverse strand"),
        (MAF.replace("100 6 +", "100 +"), "hg19.chr22", "line 3: not an 's' line"),
    ],
)
def test_a_wrong_alignment_leaves_nothing(tmp_path, text, source, message):
    (tmp_path / "a.maf").write_text(text)
    with pytest.raises(InputError, match=message):
        maf_to_fasta(tmp_path / "a.maf", source, tmp_path / "out.fa.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.maf"]
