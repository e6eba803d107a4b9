"""A back-book of messages: cut into parts, each scored once, whoever does the work and however often it is killed."""
