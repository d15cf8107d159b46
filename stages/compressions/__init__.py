"""How a student is made from its teacher: one method per file."""
