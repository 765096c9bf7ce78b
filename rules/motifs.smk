"""Motifs in the maps, their names, and which true ones were recovered."""


rule motifs:
    input:
        sequences=RESULTS.sequences("{dataset}"),
        nucleotides=RESULTS.nucleotides(EACH_RUN),
    output:
        motifs=directory(RESULTS.motifs(EACH_RUN)),
    log:
        RESULTS.log("motifs", EACH_RUN),
    benchmark:
        RESULTS.benchmark("motifs", EACH_RUN)
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
    params:
        settings=settings_of("motifs"),
        true_motifs=asked(PLAN.true_motifs, "dataset"),
        jaspar=config["jaspar"],
        code=code_of("motifs.py"),
    script:
        "../workflow/scripts/motifs.py"
