"""Maps and motifs for genome browsers and other programs: `snakemake tracks`."""


rule tracks:
    input:
        expand(f"{RESULTS}/tracks/{{run}}", run=RUNS),
    localrule: True


rule write_tracks:
    input:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
        nucleotides=f"{RESULTS}/nucleotides/{{dataset}}/{{model}}/seed{{seed}}",
        motifs=f"{RESULTS}/motifs/{{dataset}}/{{model}}/seed{{seed}}",
    output:
        tracks=directory(f"{RESULTS}/tracks/{{dataset}}/{{model}}/seed{{seed}}"),
    log:
        f"{RESULTS}/logs/tracks/{{dataset}}/{{model}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/tracks/{{dataset}}/{{model}}/seed{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=settings_of("tracks"),
        p_value=settings_of("motifs", "p_value"),
        code=code_of("tracks.py"),
    script:
        "../workflow/scripts/tracks.py"
