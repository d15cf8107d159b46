"""What every stage reads and leaves behind: params and their rows, members, paths, the machine, who made an item."""
