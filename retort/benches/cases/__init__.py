"""What `retort bench training` trains on both sides: a file for each family."""
