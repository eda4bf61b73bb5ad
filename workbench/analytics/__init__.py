"""Frames in, frames out: occupancy, usage, wait. The same functions on pandas, cuDF and Dask."""
