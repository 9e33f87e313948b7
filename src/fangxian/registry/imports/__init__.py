"""Lists that people send: read, mapped, checked, matched, taken in, and what was refused sent back."""
