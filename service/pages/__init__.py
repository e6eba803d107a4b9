"""Pages for officers, rendered on the server."""
