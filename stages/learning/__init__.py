"""How networks are trained: batches, the loop and what it plays with, checkpoints, trainings that survive a kill."""
