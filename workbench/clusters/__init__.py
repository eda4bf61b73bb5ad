"""Dask clusters: which kind, with what, until when."""
