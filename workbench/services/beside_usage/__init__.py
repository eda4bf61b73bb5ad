"""Charges beside usage: refunds, reservations, storage, adjustments."""
