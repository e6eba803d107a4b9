"""HTTP routes, ten lines each."""
