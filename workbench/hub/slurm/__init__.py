"""Notebook servers as jobs of Slurm."""
