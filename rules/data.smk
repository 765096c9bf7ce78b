"""Sequences, labels, splits and true sites."""


rule fetch:
    output:
        archive=f"{RESULTS}/data/{{dataset}}/archive.whl",
    log:
        f"{RESULTS}/logs/fetch/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch/{{dataset}}.tsv"
    params:
        archive=settings_of("datasets", "{dataset}", "archive"),
        code=code_of("fetch.py"),
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    conda:
        ENVIRONMENT
    script:
        "../workflow/scripts/fetch.py"


rule simulate:
    input:
        background=simulation_background,
    output:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
        sites=f"{RESULTS}/data/{{dataset}}/sites.parquet",
        scan=f"{RESULTS}/data/{{dataset}}/scan.parquet",
    log:
        f"{RESULTS}/logs/simulate/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=datasets_from("simulated"),
    params:
        dataset=settings_of("datasets", "{dataset}"),
        jaspar=config["jaspar"],
        seed=settings_of("datasets", "{dataset}", "seed"),
        code=code_of("simulate.py"),
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    conda:
        ENVIRONMENT
    script:
        "../workflow/scripts/simulate.py"


rule prepare:
    input:
        unpack(peak_files),
    output:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
        sites=f"{RESULTS}/data/{{dataset}}/sites.parquet",
        scan=f"{RESULTS}/data/{{dataset}}/scan.parquet",
    log:
        f"{RESULTS}/logs/prepare/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=datasets_from("peaks"),
    params:
        dataset=settings_of("datasets", "{dataset}"),
        jaspar=config["jaspar"],
        code=code_of("prepare.py"),
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    conda:
        ENVIRONMENT
    script:
        "../workflow/scripts/prepare.py"
