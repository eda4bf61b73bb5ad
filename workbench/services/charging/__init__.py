"""Charges by job and day, rated and explained."""
