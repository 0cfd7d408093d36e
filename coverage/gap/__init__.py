"""The gap: households with and without a fixed line and mobile signal, where they are, and what would close it."""
