"""The queue, the HTTP service and the officers' pages."""
