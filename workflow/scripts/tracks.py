"""Write the maps of one model in the formats that browsers and other programs read."""

from job import running

with running(snakemake):
    from dnalrp.settings.tracks import Tracks
    from dnalrp.stages.tracks import tracks

    tracks(
        **snakemake.input,
        **snakemake.output,
        settings=Tracks(**snakemake.params.settings),
        p_value=snakemake.params.p_value,
        q_value=snakemake.params.q_value,
    )
