"""The whole way of a study, from its files to its published folder."""
