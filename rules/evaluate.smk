"""Localisation, sparsity, similarity, faithfulness, robustness and logic."""


rule evaluate:
    input:
        sequences=RESULTS.sequences("{dataset}"),
        sites=RESULTS.sites("{dataset}"),
        model=RESULTS.model(EACH_RUN),
        attributions=RESULTS.attributions(EACH_RUN),
        nucleotides=RESULTS.nucleotides(EACH_RUN),
        tokens=RESULTS.tokens(EACH_RUN),
    output:
        metrics=RESULTS.metrics(EACH_RUN),
    log:
        RESULTS.log("evaluate", EACH_RUN),
    benchmark:
        RESULTS.benchmark("evaluate", EACH_RUN)
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=240,
        gpu=GPU,
    params:
        settings=settings_of("evaluate", leaving_out=["intervals"]),
        grammar=asked(PLAN.grammar, "dataset"),
        jaspar=config["jaspar"],
        gpu=GPU,
        code=code_of("evaluate.py"),
    script:
        "../workflow/scripts/evaluate.py"


BETWEEN_MODELS = EACH_RUN._replace(model="between_models")
BETWEEN_SEEDS = EACH_RUN._replace(seed="between_seeds")


rule similarity:
    input:
        nucleotides=[RESULTS.nucleotides(EACH_RUN._replace(model=m)) for m in PLAN.models],
        tokens=[RESULTS.tokens(EACH_RUN._replace(model=m)) for m in PLAN.models],
    output:
        metrics=RESULTS.metrics(BETWEEN_MODELS),
    log:
        RESULTS.log("similarity", "{dataset}/seed{seed}"),
    benchmark:
        RESULTS.benchmark("similarity", "{dataset}/seed{seed}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        between="models",
        names=PLAN.models,
        to_tokens=config["project"]["to_tokens"],
        code=code_of("similarity.py"),
    script:
        "../workflow/scripts/similarity.py"


rule similarity_of_seeds:
    input:
        nucleotides=[RESULTS.nucleotides(EACH_RUN._replace(seed=s)) for s in PLAN.seed_names],
        tokens=[RESULTS.tokens(EACH_RUN._replace(seed=s)) for s in PLAN.seed_names],
    output:
        metrics=RESULTS.metrics(BETWEEN_SEEDS),
    log:
        RESULTS.log("similarity", "{dataset}/{model}"),
    benchmark:
        RESULTS.benchmark("similarity", "{dataset}/{model}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        between="seeds",
        names=PLAN.seed_names,
        to_tokens=config["project"]["to_tokens"],
        code=code_of("similarity.py"),
    script:
        "../workflow/scripts/similarity.py"


rule summarise:
    input:
        metrics=[RESULTS.metrics(origin) for origin in PLAN.origins],
        models=[RESULTS.model(run) for run in PLAN.runs],
        motifs=[RESULTS.motifs(run) for run in PLAN.runs],
        sequences=[RESULTS.sequences(dataset) for dataset in PLAN.datasets],
        scan=[RESULTS.scan(dataset) for dataset in PLAN.datasets],
    output:
        **{table: described(table) for table in TABLES},
    log:
        RESULTS.log("summarise"),
    benchmark:
        RESULTS.benchmark("summarise")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        origins=list(map(str, PLAN.origins)),
        runs=RUNS,
        settings=settings_of("evaluate", "intervals"),
        code=code_of("summarise.py"),
    script:
        "../workflow/scripts/summarise.py"
