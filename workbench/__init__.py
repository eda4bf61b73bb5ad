"""The workbench of an AI supercomputing centre: compute, money and people in one place."""

__version__ = "0.1.0"
