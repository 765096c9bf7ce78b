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
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np
import numpy.typing as npt

from dnalrp.provenance import written_whole

if TYPE_CHECKING:
    from dnalrp.attribution.explanation import RelevanceBatch


class StoredBatch(NamedTuple):
    """What one call of :func:`write_attributions` adds."""

    ids: Sequence[str]
    lengths: Sequence[int]
    relevance: Sequence[npt.NDArray[np.floating]]
    spans: Sequence[npt.NDArray[np.int64]]
    logits: npt.NDArray[np.float64]
    outputs: npt.NDArray[np.float64]
    ledger: npt.NDArray[np.float64] | None
    gap: npt.NDArray[np.float64] | None = None
    positional: npt.NDArray[np.floating] | None = None


def stored_batch(
    batch: "RelevanceBatch", ids: Sequence[str], sequences: Sequence[str]
) -> StoredBatch:
    """A batch of explanations as a file takes it; ``ids`` and ``sequences`` are those of all."""
    return StoredBatch(
        ids=[ids[i] for i in batch.indices],
        lengths=[len(sequences[i]) for i in batch.indices],
        relevance=batch.relevance,
        spans=batch.spans,
        logits=batch.logits,
        outputs=batch.outputs,
        ledger=None if batch.ledger is None else batch.ledger.loc[batch.indices].to_numpy(),
        gap=batch.gap,
        positional=batch.positional,
    )


class Attributions(NamedTuple):
    """Contents of an attribution file, in the order asked for."""

    ids: list[str]
    lengths: npt.NDArray[np.int64]
    relevance: list[npt.NDArray[np.float32]]
    spans: list[npt.NDArray[np.int64]]
    logits: npt.NDArray[np.float64]
    outputs: npt.NDArray[np.float64]
    ledger: npt.NDArray[np.float64] | None
    provenance: dict[str, Any]
    gap: npt.NDArray[np.float64] | None = None
    positional: npt.NDArray[np.float64] | None = None


def write_attributions(
    path: str | Path, batches: Iterable[StoredBatch], record: Mapping[str, Any]
) -> None:
    """Write batches as they come; memory is bounded by one of them, the file is whole or absent."""
    with written_whole(path) as beside, h5py.File(beside, "w") as file:
        file.attrs["provenance"] = json.dumps(record)
        file.create_dataset("offsets", data=np.zeros(1, dtype=np.int64), maxshape=(None,))
        for batch in batches:
            _append_batch(file, batch)
        if "positional" in file:
            file["positional"][...] /= len(file["outputs"])


def _append_batch(file: h5py.File, batch: StoredBatch) -> None:
    token_counts = [len(relevance) for relevance in batch.relevance]
    _extend(file, "id", np.array(batch.ids, dtype=h5py.string_dtype()))
    _extend(file, "length", np.asarray(batch.lengths, dtype=np.int32))
    _extend(file, "logits", batch.logits.astype(np.float32))
    _extend(file, "outputs", batch.outputs)
    _extend(file, "offsets", file["offsets"][-1] + np.cumsum(token_counts))
    _extend(file, "relevance", np.concatenate(batch.relevance).astype(np.float32))
    _extend(file, "spans", np.concatenate(batch.spans).astype(np.int32))
    if batch.ledger is not None:
        _extend(file, "ledger", batch.ledger)
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


def read_attributions(path: str | Path, ids: Sequence[str] | None = None) -> Attributions:
    """Read an attribution file; ``ids`` choose and order its sequences, by default all sorted."""
    with h5py.File(path, "r") as file:
        stored = file["id"].asstr()[:].tolist()
        place = {name: row for row, name in enumerate(stored)}
        chosen = sorted(stored) if ids is None else list(ids)
        rows = np.array([place[name] for name in chosen], dtype=np.int64)
        offsets, relevance, spans = (file[name][:] for name in ("offsets", "relevance", "spans"))
        tokens = [slice(offsets[row], offsets[row + 1]) for row in rows]
        return Attributions(
            ids=chosen,
            lengths=file["length"][:][rows].astype(np.int64),
            relevance=[relevance[token] for token in tokens],
            spans=[spans[token].astype(np.int64) for token in tokens],
            logits=file["logits"][:][rows].astype(np.float64),
            outputs=file["outputs"][:][rows],
            ledger=file["ledger"][:][rows] if "ledger" in file else None,
            provenance=json.loads(file.attrs["provenance"]),
            gap=file["gap"][:][rows] if "gap" in file else None,
            positional=file["positional"][:] if "positional" in file else None,
        )


def on_tokens(attributions: Iterable[Attributions]) -> Attributions:
    """Of the methods of one model, one that attributes to its tokens.

    Mutagenesis attributes to nucleotides whatever the tokens: the fewest spans are the tokens.
    """
    return min(attributions, key=lambda maps: sum(map(len, maps.spans)))


class NucleotideMaps(NamedTuple):
    """Relevance per nucleotide: ``relevance`` (sequences, longest length), zero beyond the end."""

    ids: list[str]
    lengths: npt.NDArray[np.int64]
    relevance: npt.NDArray[np.float32]
    outputs: npt.NDArray[np.float64]


def write_nucleotides(path: str | Path, maps: NucleotideMaps, record: Mapping[str, Any]) -> None:
    """Write nucleotide maps as HDF5: ``id, length, relevance, outputs``, with provenance."""
    with written_whole(path) as beside, h5py.File(beside, "w") as file:
        file.attrs["provenance"] = json.dumps(record)
        file["id"] = np.array(maps.ids, dtype=h5py.string_dtype())
        file["length"] = maps.lengths
        file["outputs"] = maps.outputs
        file.create_dataset("relevance", data=maps.relevance, chunks=True, compression="gzip")


def read_nucleotides(path: str | Path) -> NucleotideMaps:
    """Read what :func:`write_nucleotides` wrote."""
    with h5py.File(path, "r") as file:
        ids = file["id"].asstr()[:].tolist()
        return NucleotideMaps(ids, file["length"][:], file["relevance"][:], file["outputs"][:])


def maps_by_method(folder: str | Path, how: str) -> dict[str, Path]:
    """Files ``{method}.{how}.h5`` by method; of a method without such a map, its ``split``."""
    found = {}
    for name in ("split", how):
        for path in sorted(Path(folder).glob(f"*.{name}.h5")):
            found[path.name.removesuffix(f".{name}.h5")] = path
    return found
