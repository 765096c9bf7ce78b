"""Motifs in the maps, their names, and which true ones were recovered."""


rule motifs:
    input:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
        nucleotides=f"{RESULTS}/nucleotides/{{dataset}}/{{model}}/seed{{seed}}",
    output:
        motifs=directory(f"{RESULTS}/motifs/{{dataset}}/{{model}}/seed{{seed}}"),
    log:
        f"{RESULTS}/logs/motifs/{{dataset}}/{{model}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/motifs/{{dataset}}/{{model}}/seed{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
    params:
        settings=settings_of("motifs"),
        true_motifs=true_motifs,
        jaspar=config["jaspar"],
        code=code_of("motifs.py"),
    script:
        "../workflow/scripts/motifs.py"
