"""Processes, parametrizations, sampler steps and the one loop that runs them."""
