"""Sequences, labels, splits and true sites."""


rule fetch:
    output:
        archive=f"{RESULTS}/data/{{dataset}}/archive.whl",
    log:
        f"{RESULTS}/logs/fetch/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch/{{dataset}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        archive=settings_of("datasets", "{dataset}", "archive"),
        downloads=settings_of("downloads"),
        code=code_of("fetch.py"),
    script:
        "../workflow/scripts/fetch.py"


rule download:
    output:
        f"{RESULTS}/downloads/{{file}}",
    log:
        f"{RESULTS}/logs/download/{{file}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/download/{{file}}.tsv"
    wildcard_constraints:
        file="|".join(map(re.escape, DOWNLOADS)),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        named=lambda wildcards: ordered(DOWNLOADS[wildcards.file]),
        downloads=settings_of("downloads"),
        code=code_of("download.py"),
    script:
        "../workflow/scripts/download.py"


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
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        dataset=settings_of("datasets", "{dataset}"),
        jaspar=config["jaspar"],
        seed=settings_of("datasets", "{dataset}", "seed"),
        code=code_of("simulate.py"),
    script:
        "../workflow/scripts/simulate.py"


rule prepare:
    input:
        unpack(prepared_from),
    output:
        sequences=f"{RESULTS}/data/{{dataset}}/sequences.parquet",
        sites=f"{RESULTS}/data/{{dataset}}/sites.parquet",
        scan=f"{RESULTS}/data/{{dataset}}/scan.parquet",
        dropped=f"{RESULTS}/data/{{dataset}}/dropped.tsv",
    log:
        f"{RESULTS}/logs/prepare/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=datasets_from("peaks", "table", "fasta", "intervals"),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        dataset=settings_of("datasets", "{dataset}"),
        downloads={key: config["downloads"][key] for key in ("mirror", "offline")},
        jaspar=config["jaspar"],
        code=code_of("prepare.py"),
    script:
        "../workflow/scripts/prepare.py"
