"""The annual report to the funder."""
