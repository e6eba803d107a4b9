"""The sentence encoder: fine-tuned (teacher), distilled (student), exported. Needs the extra `encoder` (torch)."""
