"""What a row is examined by: one kind of test per file, named by the families it suits."""
