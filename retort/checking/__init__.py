"""`params.yaml` held against itself: notation, types, cross-references; each fault in a sentence with its remedy."""
