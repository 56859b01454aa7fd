"""Distributions: what is diffused."""
