"""The outside world -> Message."""
