"""Pure radio kernels: arrays in, arrays out; no tables of places, files or maps."""
