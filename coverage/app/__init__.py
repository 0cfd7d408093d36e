"""The web application: pages in Vietnamese and English over the same calls a notebook makes."""

PAGES = {  # name of the page (its file, its address, its words) → icon of the navigation
    "overview": ":material/monitoring:",
    "map": ":material/map:",
    "wards": ":material/table_chart:",
    "gap": ":material/wifi_off:",
    "scenario": ":material/tactic:",
}

# Pages that need the store behind them.
OF_PARTNERS = {"submit": ":material/upload_file:"}
OF_PLANNERS = {"inbox": ":material/inbox:"}
OF_ACCOUNTS = {"challenges": ":material/gavel:"}
# What shows no single site and no operator by itself; whoever is neither planner nor administrator sees nothing else.
FOR_ALL = ("overview", "wards", "gap")


def pages_for(role: str | None) -> dict[str, str]:
    """Return the pages of a role with their icons; None is an open demo, where there is nothing to submit."""
    if role in {"partner", "analyst"}:
        shared = {**{name: PAGES[name] for name in FOR_ALL}, **OF_ACCOUNTS}
        return {**OF_PARTNERS, **shared} if role == "partner" else shared
    return PAGES if role is None else {**PAGES, **OF_ACCOUNTS, **OF_PLANNERS}
