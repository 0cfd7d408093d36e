"""Household internet: from lines, surveys and what is known of the wards to households that are connected."""
