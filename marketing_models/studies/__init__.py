"""Studies: one module a decision page, from tables to a Study; they never touch the store."""
