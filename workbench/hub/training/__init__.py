"""Classes at the Hub: joining by code or from a course, seats started ahead, the end."""
