"""`heard data`: check labelled data, bring in a user's own, write the data card."""
