"""The pipeline on one page.

Files here are stages, in the order in which `dvc.yaml` lists them; everything else is in a sub-package.

    acquire_data      make or read, check, split a data set               data/<dataset>/
    build_judges      the classifier that rules where Inception does not  results/judges/<dataset>.safetensors
    build_teachers    train the large network                             results/teachers/<teacher>.safetensors
    count_costs       parameters and operations of every row              results/costs.json
    distill_students  teach the small network, seed by seed               results/students/<variant>/
    evaluate_quality  translate or classify the test split, then measure  results/quality/<variant>.json
    gather_results    one tidy line per row and seed; comparisons         results/results.csv, comparisons.csv
    measure_latency   times and the share of each operator                results/latency.json
    plot_figures      one file per kind of figure                         paper_figures/figures, MANIFEST.json
    write_tables      one template per table; the page of all rows        paper_figures/

A row of `variants` is an item; a row of `sweeps` is an item of many small trainings, whose points are rows as well.

Families of networks, built of blocks, fed by datasets, shrunk by compressions, taught by distillations, examined by
metrics in the way that suits their kind (`examinations`): one directory per axis, one file per member, the file's name
is its name in `params.yaml`.
"""
