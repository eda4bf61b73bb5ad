"""Stored things and rules of the centre: values and functions of values; no I/O, no clock."""
