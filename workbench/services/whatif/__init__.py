"""What if: the centre over the next twelve months as it goes on, beside the same with something changed."""
