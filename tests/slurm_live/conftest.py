"""What the proofs on a real Slurm share with the browser's own tests."""

from tests.browser.conftest import browser

__all__ = ["browser"]
