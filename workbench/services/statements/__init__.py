"""Monthly statements and their files."""
