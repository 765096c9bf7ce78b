"""From the files of the stages before to what is judged."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.storage import on_tokens, read_attributions, read_nucleotides
from dnalrp.errors import InputError
from dnalrp.evaluation.levels import Explained, Key
from dnalrp.evaluation.truth import check_inside, site_masks, site_weights
from dnalrp.names import NATIVE
from dnalrp.projection import real_tokens

log = logging.getLogger(__name__)


def load_explained(
    sequences: pd.DataFrame,
    sites: pd.DataFrame,
    attributions: Path,
    nucleotides: Path,
    *,
    tokens: Path | None = None,
    information: Mapping[str, npt.NDArray[np.float64]] | None = None,
    grammar: str | None = None,
) -> Explained:
    """Gather the files of one model on one data set.

    Parameters
    ----------
    sequences
        ``id, sequence, label`` of all that were explained, and perhaps others.
    sites
        ``id, start, end, strand, motif, role``.
    attributions, nucleotides, tokens
        Folders of the maps: as explained, on nucleotides, and on the tokens of the token model.
    information
        Information content of motifs by position, as the table of sites names them; without it,
        or where a motif is not in it, positions of sites are not weighted.
    grammar
        Grammar on several motifs that made the labels, where one did.

    Raises
    ------
    InputError
        A site lies outside its sequence, or a map holds NaN.
    """
    methods = {path.stem: read_attributions(path) for path in sorted(attributions.glob("*.h5"))}
    maps: dict[Key, RelevanceMaps] = {}
    for path in sorted(nucleotides.glob("*.h5")):
        method, projection = path.stem.rsplit(".", 1)
        maps[method, projection] = read_nucleotides(path)
        check_finite(maps[method, projection], f"{method}, {projection}")
    ids = next(iter(methods.values())).ids
    frame = sequences.set_index("id").loc[ids]
    by_id = dict(zip(ids, frame["sequence"], strict=True))
    of_these = sites[sites["id"].isin(by_id)]
    check_inside(of_these, by_id)
    true = of_these[of_these["role"] == "motif"]
    on_model_tokens, spans = _maps_on_tokens(methods, tokens)
    return Explained(
        ids=ids,
        sequences=list(by_id.values()),
        labels=frame["label"].to_numpy(),
        attributions=methods,
        nucleotides=maps,
        tokens=on_model_tokens,
        token_spans=spans,
        sites=sites,
        masks=site_masks(true, by_id),
        weights=site_weights(true, by_id, information or {}),
        grammar=grammar,
    )


def _maps_on_tokens(
    methods: Mapping[str, RelevanceMaps], folder: Path | None
) -> tuple[dict[Key, RelevanceMaps], list[npt.NDArray[np.int64]]]:
    """All maps on the token model's tokens; none where its tokens are single nucleotides."""
    paths = [] if folder is None else sorted(folder.glob("*.h5"))
    pooled = {path.stem: read_attributions(path) for path in paths}
    spans = next(iter(pooled.values())).spans if pooled else on_tokens(methods.values()).spans
    if (real_tokens(spans).width == 1).all():
        return {}, []
    maps: dict[Key, RelevanceMaps] = {}
    for method, native in methods.items():
        if all(map(np.array_equal, native.spans, spans)):
            maps[method, NATIVE] = native
            continue
        for name, brought in pooled.items():
            if name.rsplit(".", 1)[0] == method:
                maps[method, name.rsplit(".", 1)[1]] = brought
    for (method, projection), on_model_tokens in maps.items():
        check_finite(on_model_tokens, f"{method}, tokens, {projection}")
    return maps, spans


def check_finite(maps: RelevanceMaps, name: str) -> None:
    """Refuse maps with NaN or infinite relevance.

    Raises
    ------
    InputError
        Names the map, by ``name``, and the first such sequence.
    """
    bad = ~np.isfinite(maps.padded()).all(axis=1)
    if bad.any():
        first = maps.ids[int(np.flatnonzero(bad)[0])]
        raise InputError(
            f"{name}: relevance of {first} is NaN or infinite, as of {bad.sum()} sequences in "
            "all; explain them again, or with another method"
        )


def information_contents(motifs: Iterable[str], release: str) -> dict[str, npt.NDArray[np.float64]]:
    """Information content by position of those motifs that a JASPAR release has."""
    from dnalrp.data.jaspar import fetch_motifs

    contents = {}
    for name in sorted(set(motifs)):
        try:
            contents[name] = fetch_motifs([name], release)[0].information
        except InputError:
            log.info("motif %s is not in %s", name, release)
    return contents
