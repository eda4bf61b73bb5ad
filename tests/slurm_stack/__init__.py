"""A private, real Slurm for tests (the fixture `slurm`), or by hand: python -m tests.slurm_stack."""
