"""What a row's networks are to whoever runs them elsewhere: one kind of examination per file, named by the row."""
