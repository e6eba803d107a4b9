"""Where commands say what goes wrong."""

from rich.console import Console

errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
"""Standard error: plain sentences, never wrapped, so that a path stays whole."""
