"""Measures the figures that this project claims, and those of its peers: ``make bench``."""
