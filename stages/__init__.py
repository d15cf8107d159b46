"""The pipeline on one page.

Files here are stages, in the order in which `dvc.yaml` lists them; everything else is in a sub-package. The first
stage, `accept_rows`, has no file here: it is the tool's own `retort check`, so that nothing runs on rows that cannot.

    acquire_data         make or read, check, split a data set                 data/<dataset>/
    build_judges         the classifier that rules where Inception does not    results/judges/<dataset>.safetensors
    build_teachers       train the large network                               results/teachers/<teacher>.safetensors
    build_wide_students  train a network that candidates are slices of         results/wides/<wide>.safetensors
    choose_students      search a student's widths under a budget              results/choices/<search>.json
    count_costs          parameters and operations of rows and trainings       results/costs.json
    distill_students     teach the small network, seed by seed                 results/students/<row>/
    establish_protocols  how a kind of row is examined: settings and metrics   results/protocols/<examination>.json
    evaluate_quality     examine every seed of a row on the test split         results/quality/<row>.json
    export_networks      networks as files that run elsewhere                  results/networks/<row>/, exports/…
    export_readers       what tells of any picture how unlike the data it is   results/readers/<dataset>.onnx
    gather_curves        losses, and lesson against game, thinned              results/curves.csv, moments.csv
    gather_results       one tidy line per row and seed; comparisons           results/results.csv, comparisons.csv, …
    measure_latency      times and the share of each operator                  results/latency.json
    plot_figures         one file per kind of figure                           paper_figures/figures, MANIFEST.json
    write_tables         one layout per kind of examination; the page          paper_figures/

A row of `variants` is an item, one of `chosen` too, whose widths a search chose; a row of `sweeps` is an item of many
small trainings, whose points are rows as well.

Read the directories as one sentence: families of networks, built of blocks, fed by datasets, shrunk by compressions,
taught by distillations at a pace, examined with metrics, used elsewhere as exports. One directory per axis, one file
per member (a family is a folder), and the name of the file is the name in `params.yaml`. What is no axis: settings,
storage, preparing, drawing, learning, measuring, searching, exporting, reading, timing, findings, figures, tables.
Imports run downwards only, and nothing here imports `retort`, the tool.
"""
