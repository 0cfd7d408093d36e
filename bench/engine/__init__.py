"""The rows of `python3 run.py bench radio`: each times a piece of the engine beside its peer, in one run."""
