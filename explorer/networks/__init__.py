"""Networks that learn what a score is."""
