"""Timings of the heavy steps on the demo city: `python3 run.py bench [name]`."""
