"""Reusable painted pieces that know nothing of the session."""
