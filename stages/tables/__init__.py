"""The tables of the paper: one model of rows, written as LaTeX, Markdown, HTML, comma-separated values and macros."""
