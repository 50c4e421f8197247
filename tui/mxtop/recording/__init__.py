"""Recordings: raw lines and samples of one host, saved and played through the same pipe."""
