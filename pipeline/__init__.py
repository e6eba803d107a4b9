"""From a raw message to a decision, and everything that trains and judges the model."""
