"""The rows of the table of mistakes, by subject."""
