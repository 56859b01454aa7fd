"""Markov chains over the exact distributions: kernels, the loop that runs them, diagnostics."""
