"""Write the maps of one model in the formats that browsers and other programs read."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.provenance import provenance, write_record
    from dnalrp.tracks.writing import write_tracks

    settings = snakemake.params.settings
    sequences = pd.read_parquet(snakemake.input.sequences)
    folder = Path(snakemake.output.tracks)
    folder.mkdir(parents=True)
    for path in sorted(Path(snakemake.input.nucleotides).glob(f"*.{settings['map']}.h5")):
        method = path.name.removesuffix(f".{settings['map']}.h5")
        motifs, p_value = Path(snakemake.input.motifs) / method, snakemake.params.p_value
        written = write_tracks(path, sequences, folder, method, settings, motifs, p_value)
        print(f"{method}: {', '.join(written)}")
    record = provenance("tracks", settings, [snakemake.input.nucleotides, snakemake.input.motifs])
    write_record(folder / "provenance.json", record)
