"""Sequences, labels, splits and true sites."""


rule fetch:
    output:
        archive=RESULTS.archive("{dataset}"),
    log:
        RESULTS.log("fetch", "{dataset}"),
    benchmark:
        RESULTS.benchmark("fetch", "{dataset}")
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
        RESULTS.download("{file}"),
    log:
        RESULTS.log("download", "{file}"),
    benchmark:
        RESULTS.benchmark("download", "{file}")
    wildcard_constraints:
        file=one_of(DOWNLOADS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        named=asked(DOWNLOADS.get, "file"),
        downloads=settings_of("downloads"),
        code=code_of("download.py"),
    script:
        "../workflow/scripts/download.py"


rule simulate:
    input:
        background=lambda wildcards: own_files(PLAN.local_files(wildcards.dataset)),
    output:
        sequences=RESULTS.sequences("{dataset}"),
        sites=RESULTS.sites("{dataset}"),
        scan=RESULTS.scan("{dataset}"),
    log:
        RESULTS.log("simulate", "{dataset}"),
    benchmark:
        RESULTS.benchmark("simulate", "{dataset}")
    wildcard_constraints:
        dataset=one_of(PLAN.datasets_from("simulated")),
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
        sequences=RESULTS.sequences("{dataset}"),
        sites=RESULTS.sites("{dataset}"),
        scan=RESULTS.scan("{dataset}"),
        dropped=RESULTS.dropped("{dataset}"),
    log:
        RESULTS.log("prepare", "{dataset}"),
    benchmark:
        RESULTS.benchmark("prepare", "{dataset}")
    wildcard_constraints:
        dataset=one_of(PLAN.datasets_from("peaks", "table", "fasta", "intervals")),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        dataset=settings_of("datasets", "{dataset}"),
        downloads=settings_of("downloads"),
        jaspar=config["jaspar"],
        code=code_of("prepare.py"),
    script:
        "../workflow/scripts/prepare.py"
