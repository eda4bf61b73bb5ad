"""Printed papers: statements and reports as PDF. What they say is made here; the templates beside say how it looks."""
