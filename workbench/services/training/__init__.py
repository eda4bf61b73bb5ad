"""Hosted training sessions: planned, decided, held for, joined, looked at, ended and accounted for."""
