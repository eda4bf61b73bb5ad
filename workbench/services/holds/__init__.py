"""Holds on awards: what may start, what is held and left, and until when."""
