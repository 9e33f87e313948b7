"""Lists that people send: upload, columns, preview, progress, result."""
