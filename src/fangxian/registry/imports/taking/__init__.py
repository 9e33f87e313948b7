"""Taking checked rows into the register: the place is found, the subject matched, the rows written in bulk."""
