"""What is alike does not lie in two splits."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from dnalrp.data.intervals import clusters, overlapping
from dnalrp.data.leakage import remove_leakage
from dnalrp.data.nucleotides import reverse_complement


def frame_of(*rows):
    columns = ["id", "sequence", "label", "split", "chrom", "start", "end"]
    return pd.DataFrame([(*row, *[None] * (7 - len(row))) for row in rows], columns=columns)


def test_what_is_in_two_splits_stays_in_the_held_out_one():
    sequence, other = "ACGTTACC", "GGGATTTA"
    frame, dropped = remove_leakage(
        frame_of(
            ("a", sequence, 0, "train"),
            ("b", reverse_complement(sequence), 0, "test"),
            ("c", other, 1, "dev"),
            ("d", other, 1, "train"),
            ("e", other, 1, "dev"),
            ("f", "TTTTGGGA", 1, "train"),
        )
    )
    assert frame["id"].tolist() == ["b", "c", "f"]
    assert dropped.values.tolist() == [
        ["a", 0, "train", "repeated", "b", "test"],
        ["d", 1, "train", "repeated", "c", "dev"],
        ["e", 1, "dev", "repeated", "c", "dev"],
    ]


def test_a_sequence_of_two_labels_goes_wherever_it_is():
    frame, dropped = remove_leakage(
        frame_of(
            ("a", "ACGTTACC", 0, "train"), ("b", "GGTAACGT", 1, "test"), ("c", "AAAA", 1, "dev")
        )
    )
    assert frame["id"].tolist() == ["c"]
    assert dropped[["id", "reason", "other"]].values.tolist() == [
        ["a", "ambiguous", "b"],
        ["b", "ambiguous", "a"],
    ]


def test_intervals_that_touch_stay_and_those_that_overlap_go():
    frame, dropped = remove_leakage(
        frame_of(
            ("a", "AAAC", 1, "test", "chr1", 100, 200),
            ("b", "AAAG", 1, "train", "chr1", 199, 299),
            ("c", "AACC", 1, "train", "chr1", 200, 300),
            ("d", "AACG", 1, "train", "chr2", 150, 250),
            ("e", "AAGG", 0, "test", "chr2", 240, 340),
        )
    )
    assert frame["id"].tolist() == ["a", "c"]
    assert dict(zip(dropped["id"], dropped["reason"], strict=True)) == {
        "b": "overlapping",
        "d": "ambiguous",
        "e": "ambiguous",
    }


INTERVALS = st.lists(
    st.tuples(st.sampled_from(["chr1", "chr2"]), st.integers(0, 60), st.integers(1, 30)),
    max_size=12,
)


def intervals_of(rows):
    frame = pd.DataFrame(rows, columns=["chrom", "start", "length"])
    frame = frame.astype({"chrom": str, "start": "int64", "length": "int64"})
    return frame.assign(end=frame["start"] + frame["length"])


@given(INTERVALS, INTERVALS)
@settings(max_examples=40, deadline=None)
def test_overlap_is_what_comparing_all_pairs_finds(first, second):
    query, target = intervals_of(first), intervals_of(second)
    found = overlapping(query, target)
    for row, place in zip(query.itertuples(), found, strict=True):
        near = [
            index
            for index, other in enumerate(target.itertuples())
            if other.chrom == row.chrom and other.start < row.end and row.start < other.end
        ]
        assert place in near if near else place == -1


@given(INTERVALS)
@settings(max_examples=25, deadline=None)
def test_intervals_that_overlap_are_in_one_cluster(rows):
    frame = intervals_of(rows)
    names = clusters(frame)
    assert names.notna().all()
    for _, own in frame.assign(name=names).groupby("name"):
        covered = {base for row in own.itertuples() for base in range(row.start, row.end)}
        assert len(own["chrom"].unique()) == 1
        assert len(covered) == max(covered) - min(covered) + 1
    for one in frame.itertuples():
        for other in frame.itertuples():
            if one.chrom == other.chrom and one.start < other.end and other.start < one.end:
                assert names[one.Index] == names[other.Index]
