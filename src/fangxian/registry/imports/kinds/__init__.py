"""One module a kind of list: its columns, and how a row becomes a checked record."""
