"""The figures this project claims, each measured beside its peers: ``make bench``."""
