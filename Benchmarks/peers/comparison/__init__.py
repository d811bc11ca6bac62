"""The runner, which needs nothing but Python's standard library."""
