"""Measurements of the app and the library: `python -m benchmarks NAME` prints one JSON object."""
