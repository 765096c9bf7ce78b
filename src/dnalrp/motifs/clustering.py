"""TF-MoDISco on sequences as they are: of several lengths, with runs of N.

The library takes rows of one length and draws its null from all windows of them. Zeros behind a
shorter sequence's end, or in a run of N, enter that null, and many of them leave no pattern or a
division by zero. Here the same steps of the library get the windows that hold bases, and no
seqlet runs past its sequence's end. Rows of one length without such runs go to the library whole.
"""

import inspect
import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnalrp.settings.motifs import Discovery

if TYPE_CHECKING:
    from modiscolite.core import Seqlet, SeqletSet, TrackSet

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

NULL_SAMPLES = 10_000  # these two as in modiscolite.extract_seqlets
WINDOW_SAMPLES = 1_000_000


class Rows(NamedTuple):
    """Sequences of several lengths in rows of one: what is zero behind an end is padding."""

    one_hot: Array  # (rows, length, 4)
    contributions: Array  # (rows, length, 4)
    lengths: npt.NDArray[np.int64]  # (rows,)


class Clusters(NamedTuple):
    """Patterns of either sign, in the library's form; None without seqlets enough."""

    positive: "list[SeqletSet] | None" = None
    negative: "list[SeqletSet] | None" = None


def cluster_seqlets(rows: Rows, settings: Discovery, maps: str) -> Clusters:
    """Salient windows of contributions, clustered into patterns.

    Parameters
    ----------
    maps
        What the contributions are, for messages.

    Maps that the library cannot cluster have no patterns, and the log says why in one line: a
    method must not stop all others. An error of this package's code is raised as it is.
    """
    try:
        return _cluster(rows, settings)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # leidenalg raises this very class
        if "NaN weights" in str(error):
            log.warning("%s: no affinity to cluster the seqlets by, so no patterns", maps)
            return Clusters()
        told = _in_one_line(error, maps)
        if told is None:
            raise
        log.warning("%s; until then it has no patterns", told)
        log.debug("TF-MoDISco's error in full", exc_info=True)
        return Clusters()


def _cluster(rows: Rows, settings: Discovery) -> Clusters:
    import modiscolite

    width = rows.one_hot.shape[1]
    if (rows.lengths == width).all() and observed_windows(rows, settings.window).all():
        return Clusters(
            *modiscolite.tfmodisco.TFMoDISco(
                one_hot=rows.one_hot,
                hypothetical_contribs=rows.contributions,
                sliding_window_size=settings.window,
                flank_size=settings.flank,
                target_seqlet_fdr=settings.fdr,
                max_seqlets_per_metacluster=settings.max_seqlets,
                n_leiden_runs=settings.leiden_runs,
            )
        )
    return cluster_unequal(rows, settings)


def observed_windows(rows: Rows, window: int) -> Mask:
    """Windows inside their sequence that hold a base: (rows, length - window + 1)."""
    if rows.one_hot.shape[1] < window:
        return np.zeros((len(rows.one_hot), 0), dtype=np.bool_)
    bases = np.cumsum(np.pad(rows.one_hot.any(axis=2), ((0, 0), (1, 0))), axis=1)
    inside = np.arange(bases.shape[1] - window) + window <= rows.lengths[:, None]
    return np.asarray((bases[:, window:] > bases[:, :-window]) & inside)


def both_signs(rows: Rows, window: int) -> bool:
    """Whether windows sum to both signs: TF-MoDISco fits a null to either and needs both."""
    observed = observed_windows(rows, window)
    if not observed.any():
        return False
    relevance = rows.contributions.sum(axis=2)
    sums = np.lib.stride_tricks.sliding_window_view(relevance, window, axis=1).sum(axis=-1)
    return bool((sums[observed] > 0).any() and (sums[observed] < 0).any())


def cluster_unequal(rows: Rows, settings: Discovery) -> Clusters:
    """The steps of modiscolite's ``TFMoDISco``, blind to padding and to runs of N.

    Rows of one length give the very patterns of the library.
    """
    import modiscolite

    modiscolite.precompile.start()
    # a column of a pattern that holds no base at all has no frequencies to divide by
    unknown = ~rows.one_hot.any(axis=2, keepdims=True)
    bases = np.where(unknown, np.float32(0.25), rows.one_hot)
    tracks = modiscolite.core.TrackSet(bases, rows.contributions, rows.contributions)
    seqlets, threshold = extract_seqlets(rows, settings)
    window = slice(settings.flank, settings.flank + settings.window)
    sums = [seqlet.contrib_scores[window].sum() for seqlet in tracks.create_seqlets(seqlets)]
    above = [seqlet for seqlet, total in zip(seqlets, sums, strict=True) if total > threshold]
    below = [seqlet for seqlet, total in zip(seqlets, sums, strict=True) if total < -threshold]
    return Clusters(
        _patterns(above, tracks, rows.lengths, settings),
        _patterns(below, tracks, rows.lengths, settings, sign=-1),
    )


def extract_seqlets(rows: Rows, settings: Discovery) -> "tuple[list[Seqlet], float]":
    """Salient windows with their flanks, and the least relevance by which one has a sign.

    As modiscolite's ``extract_seqlets``, from its own parts; null and thresholds are those of
    the windows that hold bases, of all sequences together.
    """
    from modiscolite import extract_seqlets as library

    default = _defaults()
    sums = library._smooth(rows.contributions.sum(axis=2), settings.window)
    observed = observed_windows(rows, settings.window)
    values = sums[observed]
    null = library._laplacian_null(values, settings.window, NULL_SAMPLES)
    sample = values
    if len(values) > WINDOW_SAMPLES:
        sample = values[library._subsample_indices(len(values), WINDOW_SAMPLES)]
    signed = library._split(sample)
    limits = [
        library._isotonic_thresholds(kind, drawn, increasing=rising, target_fdr=settings.fdr)
        for kind, drawn, rising in zip(signed, null, (True, False), strict=True)
    ]
    upper, lower = library._refine_thresholds(
        np.concatenate(signed),
        *limits,
        default["min_passing_windows_frac"],
        default["max_passing_windows_frac"],
    )
    salient = observed & ((sums >= upper) | (sums <= lower)) & _with_flanks(rows, settings)
    seqlets = library._iterative_extract_seqlets(
        np.where(salient, np.abs(sums), -np.inf),
        window_size=settings.window,
        flank=settings.flank,
        suppress=int(0.5 * settings.window) + settings.flank,
    )
    sizes = np.sort(np.abs(values))
    ranks = [np.searchsorted(sizes, abs(limit)) / len(sizes) for limit in (upper, lower)]
    weakest = min(np.sign(upper) * ranks[0], ranks[1])
    weakest = min(weakest - 0.0001, default["weak_threshold_for_counting_sign"])
    return seqlets, float(sizes[int(weakest * len(sizes))])


def _with_flanks(rows: Rows, settings: Discovery) -> Mask:
    """Windows whose flanks lie inside their sequence: (rows, length - window + 1)."""
    starts = np.arange(rows.one_hot.shape[1] - settings.window + 1)
    last = rows.lengths[:, None] - settings.window - settings.flank
    return np.asarray((starts >= settings.flank) & (starts <= last))


def _patterns(
    seqlets: "list[Seqlet]",
    tracks: "TrackSet",
    lengths: npt.NDArray[np.int64],
    settings: Discovery,
    *,
    sign: int = 1,
) -> "list[SeqletSet] | None":
    """Patterns of one sign, whose seqlets end where their sequences end or before."""
    from modiscolite import tfmodisco

    default = _defaults()
    if len(seqlets) <= default["min_metacluster_size"]:
        return None
    known = inspect.signature(tfmodisco.seqlets_to_patterns).parameters
    options = {name: value for name, value in default.items() if name in known}
    options |= {"track_signs": sign, "n_leiden_runs": settings.leiden_runs}
    seqlets = tracks.create_seqlets(seqlets[: settings.max_seqlets])
    patterns = tfmodisco.seqlets_to_patterns(seqlets, tracks, **options)
    inside = [_inside(pattern, tracks, lengths, settings) for pattern in patterns or []]
    return [
        pattern for pattern in inside if len(pattern.seqlets) >= default["final_min_cluster_size"]
    ]


def _inside(
    pattern: "SeqletSet",
    tracks: "TrackSet",
    lengths: npt.NDArray[np.int64],
    settings: Discovery,
) -> "SeqletSet":
    """A pattern without the seqlets that run past their sequence's end.

    The library drops seqlets that leave their row when it widens a pattern; it does not know of
    shorter sequences.
    """
    from modiscolite.core import SeqletSet

    kept = [seqlet for seqlet in pattern.seqlets if seqlet.end <= lengths[seqlet.example_idx]]
    default = _defaults()
    if len(kept) in (0, len(pattern.seqlets)):
        return pattern if kept else SeqletSet(pattern.seqlets[:1])
    whole = SeqletSet(kept, track_set=tracks)
    if len(kept) >= default["final_min_cluster_size"]:
        whole.compute_subpatterns(default["subcluster_perplexity"], n_seeds=settings.leiden_runs)
    return whole


def _defaults() -> dict[str, Any]:
    """The library's settings, by name, where this project sets none."""
    from modiscolite.tfmodisco import TFMoDISco

    parameters = inspect.signature(TFMoDISco).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _in_one_line(error: BaseException, maps: str) -> str | None:
    """What to tell of an error inside TF-MoDISco; None if it is not the library's."""
    frames = traceback.extract_tb(error.__traceback__)
    package = Path(__file__).parents[1]
    if Path(frames[-1].filename).is_relative_to(package) or not any(
        "modiscolite" in Path(frame.filename).parts for frame in frames
    ):
        return None
    reason = " ".join(str(error).split()) or "no reason given"
    line = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
    return (
        f"TF-MoDISco cannot cluster {maps} ({type(error).__name__}: {reason}, {line}); choose "
        "another motifs.window, flank or fdr, give more sequences, or leave out the method"
    )
