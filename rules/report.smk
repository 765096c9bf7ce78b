"""One page, its figures, and what made them."""


rule report:
    input:
        template=PACKAGE / "dnalrp/report/page.html",
        metrics=f"{RESULTS}/metrics.tsv",
        overall=f"{RESULTS}/overall.tsv",
        comparisons=f"{RESULTS}/comparisons.tsv",
        controls=f"{RESULTS}/controls.tsv",
        performance=f"{RESULTS}/performance.tsv",
        recovery=f"{RESULTS}/recovery.tsv",
        sequences=expand(f"{RESULTS}/data/{{dataset}}/sequences.parquet", dataset=DATASETS),
        sites=expand(f"{RESULTS}/data/{{dataset}}/sites.parquet", dataset=DATASETS),
        attributions=expand(f"{RESULTS}/attributions/{{run}}", run=RUNS),
        nucleotides=expand(f"{RESULTS}/nucleotides/{{run}}", run=RUNS),
        motifs=expand(f"{RESULTS}/motifs/{{run}}", run=RUNS),
    output:
        page=report(
            f"{RESULTS}/report/index.html",
            category="Report",
            caption="../workflow/report/index.rst",
        ),
        figures=report(
            expand(f"{RESULTS}/report/figures/{{figure}}.png", figure=FIGURES),
            category="Figures",
            caption="../workflow/report/figures.rst",
        ),
        manifest=f"{RESULTS}/report/manifest.json",
        pictures=directory(f"{RESULTS}/report/pictures"),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        runs=RUNS,
        datasets=DATASETS,
        config=ordered(config),
        code=code_of("report.py"),
    script:
        "../workflow/scripts/report.py"
