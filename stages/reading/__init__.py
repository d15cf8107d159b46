"""What reads pictures from outside: the labels that they have, and how unlike a data set they are."""
