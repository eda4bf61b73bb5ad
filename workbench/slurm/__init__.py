"""Slurm's words to ours."""
