"""A scale rehearsed at its own sizes on generated data: two steps of each kind of training, on this machine."""
