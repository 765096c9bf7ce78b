"""Compare the maps of different models, or of one model's seeds, by nucleotide and by token."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.attribution.storage import read_attributions, read_nucleotides
    from dnalrp.evaluation.maps import nucleotide_maps, token_maps
    from dnalrp.evaluation.similarity import compare_models, compare_seeds
    from dnalrp.provenance import provenance, write_table

    def maps_of(folders, how, read):
        """Maps by model or seed, and method, from the files of one way to bring them to a level."""
        return {
            name: {
                path.name.removesuffix(f".{how}.h5"): read(path)
                for path in sorted(Path(folder).glob(f"*.{how}.h5"))
            }
            for name, folder in zip(snakemake.params.names, folders, strict=True)
        }

    def on_nucleotides(path):
        return nucleotide_maps(read_nucleotides(path))

    def on_tokens(path):
        return token_maps(read_attributions(path))

    compare = {"models": compare_models, "seeds": compare_seeds}[snakemake.params.between]
    tables = [compare(maps_of(snakemake.input.nucleotides, "split", on_nucleotides))]
    for how in snakemake.params.to_tokens:
        maps = maps_of(snakemake.input.tokens, how, on_tokens)
        tables.append(compare(maps, "token", how))
    record = provenance("evaluate", {}, snakemake.input)
    write_table(pd.concat(tables, ignore_index=True), snakemake.output.metrics, record)
