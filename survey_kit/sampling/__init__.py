"""Sampling: how large a sample has to be, how it is spread over strata, and how it is drawn."""
