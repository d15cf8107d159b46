"""How the weight of a lesson moves during training: one way per file."""
