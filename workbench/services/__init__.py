"""Use cases: each opens its transaction and takes the time as an argument."""
