"""What is learnt from: one data set per file."""
