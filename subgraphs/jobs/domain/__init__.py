"""The rules of jobs, with no I/O: one module a concept."""
