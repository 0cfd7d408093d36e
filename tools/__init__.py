"""Tools that make what the product ships; none of them is part of the package."""
