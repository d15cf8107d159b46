"""How rows are judged: one kind of examination per file, named by the row; which metrics it measures, params say."""
