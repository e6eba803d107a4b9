"""Who is asking: API keys, officers' passwords and sessions, sign-in at the organisation's identity provider."""
