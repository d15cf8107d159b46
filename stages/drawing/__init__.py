"""What generated data are painted with."""
