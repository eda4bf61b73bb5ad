"""What a running Slurm tells, in the books; what the books want, in Slurm."""
