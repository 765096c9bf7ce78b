"""Maps and motifs for genome browsers and other programs: `snakemake tracks`."""


rule tracks:
    input:
        [RESULTS.tracks(run) for run in PLAN.runs],
    localrule: True


rule write_tracks:
    input:
        sequences=RESULTS.sequences("{dataset}"),
        nucleotides=RESULTS.nucleotides(EACH_RUN),
        motifs=RESULTS.motifs(EACH_RUN),
    output:
        tracks=directory(RESULTS.tracks(EACH_RUN)),
    log:
        RESULTS.log("tracks", EACH_RUN),
    benchmark:
        RESULTS.benchmark("tracks", EACH_RUN)
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=settings_of("tracks"),
        p_value=settings_of("motifs", "p_value"),
        q_value=PLAN.settings.motifs.q_value,
        code=code_of("tracks.py"),
    script:
        "../workflow/scripts/tracks.py"
