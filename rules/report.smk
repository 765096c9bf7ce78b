"""One page, its figures, and what made them."""


rule report:
    input:
        [RESULTS.table(table) for table in TABLES],
        template=PACKAGE / "report/page.html",
        sequences=[RESULTS.sequences(dataset) for dataset in PLAN.datasets],
        sites=[RESULTS.sites(dataset) for dataset in PLAN.datasets],
        models=[RESULTS.model(run) for run in PLAN.runs],
        attributions=[RESULTS.attributions(run) for run in PLAN.runs],
        nucleotides=[RESULTS.nucleotides(run) for run in PLAN.runs],
        motifs=[RESULTS.motifs(run) for run in PLAN.runs],
    output:
        page=report(
            RESULTS.report.page,
            category="Report",
            caption="../workflow/report/index.rst",
        ),
        figures=report(
            [RESULTS.report.figure(name) for name in PLAN.figures],
            category="Figures",
            caption="../workflow/report/figures.rst",
        ),
        manifest=RESULTS.report.manifest,
        pictures=directory(RESULTS.report.pictures),
    log:
        RESULTS.log("report"),
    benchmark:
        RESULTS.benchmark("report")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        runs=RUNS,
        config=ordered(config),
        code=code_of("report.py"),
    script:
        "../workflow/scripts/report.py"
