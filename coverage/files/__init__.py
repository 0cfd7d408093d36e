"""Readers and writers: files in, checked layers and cities out. Longitude and latitude end here."""
