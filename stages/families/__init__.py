"""What is compressed: one kind of network per file."""
