"""The web application: pages in Vietnamese and English over the same calls a notebook makes."""
