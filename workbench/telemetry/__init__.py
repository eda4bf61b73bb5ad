"""GPU samples."""
