"""One recipe a page: from its specs, numbers and seed to a script."""
