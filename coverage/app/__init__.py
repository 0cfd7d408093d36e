"""The web application: pages in Vietnamese and English over the same calls a notebook makes."""

PAGES = {  # name of the page (its file, its address, its words) → icon of the navigation
    "overview": ":material/monitoring:",
    "map": ":material/map:",
    "wards": ":material/table_chart:",
    "scenario": ":material/tactic:",
}
