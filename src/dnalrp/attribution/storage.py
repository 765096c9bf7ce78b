"""Attribution files: token relevance of many sequences in one HDF5 file, written in a stream.

Layout, N sequences with T tokens in all: ``id`` (N), ``length`` (N), ``logits`` (N, labels),
``outputs`` (N), ``offsets`` (N + 1), ``relevance`` (T) float32, ``spans`` (T, 2), and, where the
method has them, ``ledger`` (N, 6 terms or, with position embeddings, 7) and ``gap`` (N), by which
the relevance misses the sum that the method promises. Tokens of sequence i are
``offsets[i]:offsets[i + 1]``. The attribute ``provenance`` says what made the file. Sequences lie
in the order in which they were computed; :func:`read_attributions` gives them in the order asked
for.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.maps import LEDGER_TERMS, POSITION, RelevanceMaps, nucleotide_spans
from dnalrp.provenance import Record, written_whole


def write_attributions(path: str | Path, batches: Iterable[RelevanceMaps], record: Record) -> None:
    """Write batches as they come; memory is bounded by one of them, the file is whole or absent."""
    with written_whole(path) as beside, h5py.File(beside, "w") as file:
        file.attrs["provenance"] = json.dumps(record)
        file.create_dataset("offsets", data=np.zeros(1, dtype=np.int64), maxshape=(None,))
        for batch in batches:
            _append_batch(file, batch)
        if "positional" in file:
            file["positional"][...] /= len(file["outputs"])


def _append_batch(file: h5py.File, batch: RelevanceMaps) -> None:
    token_counts = [len(relevance) for relevance in batch.relevance]
    _extend(file, "id", np.array(batch.ids, dtype=h5py.string_dtype()))
    _extend(file, "length", np.asarray(batch.lengths, dtype=np.int32))
    _extend(file, "logits", batch.logits.astype(np.float32))
    _extend(file, "outputs", batch.outputs)
    _extend(file, "offsets", file["offsets"][-1] + np.cumsum(token_counts))
    _extend(file, "relevance", np.concatenate(batch.relevance).astype(np.float32))
    _extend(file, "spans", np.concatenate(batch.spans).astype(np.int32))
    if batch.ledger is not None:
        _extend(file, "ledger", batch.ledger.to_numpy())
    if batch.gap is not None:
        _extend(file, "gap", batch.gap)
    if batch.positional is not None:
        oriented = batch.positional * np.sign(batch.outputs)[:, None, None, None]
        _add(file, "positional", oriented.sum(axis=0, dtype=np.float64))


def _add(file: h5py.File, name: str, values: npt.NDArray[np.float64]) -> None:
    """Add to what is there; batches come longest first, so later ones have fewer distances."""
    if name not in file:
        file.create_dataset(name, data=values)
    else:
        file[name][..., : values.shape[-1]] += values


def _extend(file: h5py.File, name: str, values: npt.NDArray[Any]) -> None:
    if name not in file:
        limits = (None, *values.shape[1:])
        file.create_dataset(name, data=values, maxshape=limits, chunks=True, compression="gzip")
        return
    dataset = file[name]
    before = len(dataset)
    dataset.resize(before + len(values), axis=0)
    dataset[before:] = values


def read_attributions(path: str | Path, ids: Sequence[str] | None = None) -> RelevanceMaps:
    """Read an attribution file; ``ids`` choose and order its sequences, by default all sorted."""
    with h5py.File(path, "r") as file:
        stored = file["id"].asstr()[:].tolist()
        row_of = {name: row for row, name in enumerate(stored)}
        chosen = sorted(stored) if ids is None else list(ids)
        rows = np.array([row_of[name] for name in chosen], dtype=np.int64)
        offsets, relevance, spans = (file[name][:] for name in ("offsets", "relevance", "spans"))
        tokens = [slice(offsets[row], offsets[row + 1]) for row in rows]
        return RelevanceMaps(
            ids=chosen,
            lengths=file["length"][:][rows].astype(np.int64),
            relevance=[relevance[token] for token in tokens],
            spans=[spans[token].astype(np.int64) for token in tokens],
            logits=file["logits"][:][rows].astype(np.float64),
            outputs=file["outputs"][:][rows],
            ledger=_ledger(file["ledger"][:][rows]) if "ledger" in file else None,
            provenance=json.loads(file.attrs["provenance"]),
            gap=file["gap"][:][rows] if "gap" in file else None,
            positional=file["positional"][:] if "positional" in file else None,
        )


def _ledger(terms: npt.NDArray[np.float64]) -> pd.DataFrame:
    """A file's ledger, (sequences, terms), with the names of its terms."""
    return pd.DataFrame(terms, columns=[*LEDGER_TERMS, POSITION][: terms.shape[1]])


def on_tokens(attributions: Iterable[RelevanceMaps]) -> RelevanceMaps:
    """Of the methods of one model, one that attributes to its tokens.

    Mutagenesis attributes to nucleotides whatever the tokens: the fewest spans are the tokens.
    """
    return min(attributions, key=lambda maps: sum(map(len, maps.spans)))


def write_nucleotides(path: str | Path, maps: RelevanceMaps, record: Record) -> None:
    """Write nucleotide maps as HDF5: ``id, length, relevance, outputs``, with provenance.

    ``relevance`` there is (sequences, longest length), zero beyond the end.
    """
    with written_whole(path) as beside, h5py.File(beside, "w") as file:
        file.attrs["provenance"] = json.dumps(record)
        file["id"] = np.array(maps.ids, dtype=h5py.string_dtype())
        file["length"] = maps.lengths
        file["outputs"] = maps.outputs
        padded = maps.padded().astype(np.float32, copy=False)
        file.create_dataset("relevance", data=padded, chunks=True, compression="gzip")


def read_nucleotides(path: str | Path) -> RelevanceMaps:
    """Read what :func:`write_nucleotides` wrote."""
    with h5py.File(path, "r") as file:
        lengths = file["length"][:].astype(np.int64)
        rows = zip(file["relevance"][:], lengths, strict=True)
        return RelevanceMaps(
            ids=file["id"].asstr()[:].tolist(),
            lengths=lengths,
            relevance=[row[:length] for row, length in rows],
            spans=nucleotide_spans(lengths),
            logits=np.empty((len(lengths), 0)),
            outputs=file["outputs"][:],
            provenance=json.loads(file.attrs["provenance"]),
        )
