"""Maps for notebooks, files and reports: folium without the internet, and no text that could run as a script.

folium as it comes loads seven libraries from other people's servers, shows an empty page where there is no network, and
pastes names into script and HTML. Here Leaflet and jQuery come out of the installed distributions and travel inside the
page, the ground is drawn from the study's own terrain, and every text passes through `escape`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
from branca.element import Figure, MacroElement
from folium.template import Template

from coverage import drawing, legends
from coverage.assets import data_url, picture, vendor
from coverage.disputes import Confirmed
from coverage.drawing import LatLonBounds, MapImage
from coverage.errors import StoreError
from coverage.planning.plans import Plan
from coverage.study import Result, Study
from coverage.types import Language
from coverage.words import percent, t
from coverage.writing import write_text

FIGURES = ("area_share", "population_covered_share", "households_covered_share", "household_internet_share")
FOREIGN = re.compile(
    r"""(?:\b(?:src|href)\s*=\s*["']?|url\(\s*["']?|@import\s+["'])\s*(?:https?:)?//[^"'\s)>]+""", re.IGNORECASE
)

_ESCAPES = str.maketrans({char: f"&#{ord(char)};" for char in "&<>\"'`${}\\"})


def escape(text: object) -> str:
    r"""Return a text that shows itself and does nothing, in HTML, in an attribute and in a JavaScript template string.

    `html.escape` is not enough: folium pastes tooltips between backticks, where ``${…}`` runs and a single backtick
    breaks the whole map.

    >>> escape("Trạm `A` ${1+1} <b>")
    'Trạm &#96;A&#96; &#36;&#123;1+1&#125; &#60;b&#62;'
    """
    return str(text).translate(_ESCAPES)


@cache
def _links() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    # Leaflet looks for its marker pictures beside its style sheet; inside one page there is no beside.
    pictures = (
        f"L.Icon.Default.imagePath='';L.Icon.Default.mergeOptions({{iconUrl:'{picture('marker-icon.png')}',"
        f"iconRetinaUrl:'{picture('marker-icon-2x.png')}',shadowUrl:'{picture('marker-shadow.png')}'}});"
    )
    scripts = (("leaflet", vendor("leaflet.js")), ("jquery", vendor("jquery.js")), ("pictures", pictures.encode()))
    return (
        [(name, data_url(content, "text/javascript")) for name, content in scripts],
        [("leaflet_css", data_url(vendor("leaflet.css"), "text/css"))],
    )


class OfflineMap(folium.Map):
    """A folium map that asks nobody for anything: one page with everything in it, also from ``file://``.

    Takes what `folium.Map` takes, except ``tiles``. Texts given to folium's own popups, tooltips and layer names have
    to pass through `escape` first.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(tiles=None, **options)
        self.default_js, self.default_css = _links()

    def html(self) -> str:
        """Return the whole page.

        Raises
        ------
        StoreError
            ``map_not_offline`` when something added to the map would be loaded from the network.
        """
        page = str(self.get_root().render())
        # Browsers do not follow a link inside a data: URL, and Leaflet's source names its home page.
        found = FOREIGN.search(re.sub(r"data:[\w/+-]+;base64,[\w/+=]+", "", page))
        if found:
            raise StoreError("map_not_offline", link=found[0])
        return page

    def save(self, outfile: Any, close_file: bool = True, **kwargs: Any) -> None:  # noqa: ARG002 (folium's signature)
        """Write the page to a file; a page that is not self-contained is refused, as in `html`."""
        write_text(outfile, self.html())


class _Legend(MacroElement):
    """A box of our own HTML on the map; whatever stands in it was escaped when it was made."""

    _template = Template(
        """{% macro header(this, kwargs) %}<style>{{ this.style }}</style>{% endmacro %}
        {% macro html(this, kwargs) %}{{ this.content }}{% endmacro %}
        {% macro script(this, kwargs) %}
        L.control.scale({imperial: false, position: "bottomright"}).addTo({{ this._parent.get_name() }});
        {{ this._parent.get_name() }}.fitBounds({{ this.bounds|tojson }}, {
            animate: false, paddingTopLeft: [window.innerWidth > 900 ? 364 : 8, 8], paddingBottomRight: [8, 8]});
        {% endmacro %}"""
    )

    def __init__(self, content: str, bounds: LatLonBounds) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Legend"
        self.content, self.bounds, self.style = content, bounds, LEGEND_STYLE


LEGEND_STYLE = """
body{font:14px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif}
.leaflet-container{font:inherit!important;background:#eef0ef}
.leaflet-tooltip{padding:8px 10px;border:0;border-radius:6px;box-shadow:0 2px 10px #0003}
.leaflet-tooltip th{font-weight:400;color:#555;text-align:left;padding:1px 12px 1px 0}
.leaflet-tooltip td{text-align:right;font-variant-numeric:tabular-nums}
.legend{position:fixed;left:12px;bottom:24px;z-index:1000;box-sizing:border-box;overflow:auto;padding:12px 14px;
 width:min(340px,calc(100vw - 24px));max-height:calc(100vh - 110px);border-radius:10px;
 background:#fffffff2;color:#1f2a33;box-shadow:0 2px 14px #0003}
.legend summary{cursor:pointer;font-weight:600;font-size:15px}
.legend .figure{font-size:26px;font-weight:650;margin:6px 0 0}
.legend p{margin:2px 0 8px;color:#45525c}
.legend h2{font-size:13px;font-weight:600;margin:10px 0 4px}
.legend .badge{display:inline-block;margin-top:6px;padding:1px 7px;border-radius:4px;font-size:12.5px;
 background:#fff1cc;color:#6b4a00}
.legend .row{display:flex;align-items:center;gap:8px;font-size:13px;line-height:1.55}
.legend i{flex:none;width:22px;height:12px;border-radius:2px}
.legend i.dot{width:10px;height:10px;border-radius:50%;margin:0 6px}
.legend i.hatch{background:repeating-linear-gradient(135deg,#16202a 0 2px,#fff 2px 6px)!important}
.legend i.small{width:5px;height:5px;margin:0 8.5px}
.legend small{display:block;color:#5c6770;font-size:12px;margin-top:8px}
"""


def result_map(
    result: Result, lang: Language = "vi", measure: str = "area_share", apart: Confirmed | None = None
) -> OfflineMap:
    """Return the map of a result: wards in the colour of a measure, sites, coverage, relief and a legend.

    Parameters
    ----------
    result : Result
    lang : {"vi", "en"}
    measure : str
        Which column of ``result.wards`` colours the wards: a key of `coverage.drawing.BREAKS`.
    apart : Confirmed, optional
        Hatches what is disputed.
    """
    page, study = _page(result, lang), result.study
    _fills(result, measure, t("maps.layer_wards", lang)).add_to(page)
    coverage = drawing.coverage_image(result.probability, study.grid, result.definition.edge)
    _picture_layer(coverage, t("maps.layer_coverage", lang), pane="signal", opacity=0.85).add_to(page)
    disputed = apart is not None and bool(apart.pixels.any())
    if apart is not None and disputed:
        hatched = drawing.disputed_image(apart.pixels, study.grid)
        _picture_layer(hatched, t("maps.disputed", lang), pane="signal").add_to(page)
    _outlines(result, lang).add_to(page)
    _sites(study.city.cells.frame, study.technology, lang, _operator_colours(result)).add_to(page)
    return _finished(page, study, _legend(result, lang, measure, disputed=disputed))


def plan_map(before: Result, after: Result, plan: Plan, lang: Language = "vi") -> OfflineMap:
    """Return the map of a plan: wards today and afterwards to switch between, what it adds, and where it builds.

    Parameters
    ----------
    before, after : Result
        The study without and with the plan, on the same grid.
    plan : Plan
    lang : {"vi", "en"}
    """
    page, study, edge = _page(before, lang), before.study, before.definition.edge
    _fills(after, "area_share", t("maps.wards_after", lang), base=True).add_to(page)
    _fills(before, "area_share", t("maps.wards_before", lang), base=True, show=False).add_to(page)
    today = drawing.coverage_image(before.probability, study.grid, edge)
    _picture_layer(today, t("maps.coverage_before", lang), pane="signal", opacity=0.85).add_to(page)
    gained = drawing.gain_image(before.probability, after.probability, study.grid, edge)
    _picture_layer(gained, t("maps.coverage_gained", lang), pane="signal").add_to(page)
    _outlines(after, lang).add_to(page)
    changed = [change.cells for change in plan.scenario.changes if len(change.cells)]
    if changed:
        cells = gpd.GeoDataFrame(pd.concat(changed, ignore_index=True), crs=changed[0].crs)
        colours = _operator_colours(after)  # of all operators, so that the legend holds for the few that build
        _sites(cells, study.technology, lang, colours, name=t("maps.sites_new", lang)).add_to(page)
    return _finished(page, study, _legend(before, lang, "area_share", after=after))


def _page(result: Result, lang: Language) -> OfflineMap:
    study = result.study
    page = OfflineMap(prefer_canvas=True, zoom_control="topright", zoom_snap=0.25, attribution_control=False)
    # Figures without a title show the address of the page on the tab.
    _figure(page).title = escape(study.city.title(lang))
    # Three panes below Leaflet's own 400, so that the canvas with borders and sites on top receives the pointer.
    for level, name in enumerate(("relief", "fills", "signal")):
        folium.map.CustomPane(name, z_index=310 + 10 * level).add_to(page)
    relief = drawing.relief_image(study.city.surface, study.grid)
    if relief:
        _picture_layer(relief, "relief", pane="relief", control=False).add_to(page)
    return page


def _finished(page: OfflineMap, study: Study, legend: str) -> OfflineMap:
    folium.LayerControl(collapsed=False).add_to(page)
    _Legend(legend, drawing.lat_lon_bounds(study.grid.bounds_m, study.grid.crs)).add_to(page)
    return page


def _figure(page: OfflineMap) -> Figure:
    figure = page.get_root()
    assert isinstance(figure, Figure)  # folium puts every map into one
    return figure


def _picture_layer(
    image: MapImage, name: str, *, pane: str, control: bool = True, opacity: float = 1.0
) -> folium.raster_layers.ImageOverlay:
    return folium.raster_layers.ImageOverlay(
        data_url(image.png, "image/png"), bounds=[list(corner) for corner in image.bounds], name=escape(name),
        control=control, opacity=opacity, pixelated=False, pane=pane,
    )  # fmt: skip


def _fills(result: Result, measure: str, name: str, *, base: bool = False, show: bool = True) -> folium.GeoJson:
    shapes = drawing.ward_shapes(result.study.city.wards.frame)
    colours = {}
    for feature in shapes["features"]:
        feature["id"] = feature.pop("properties")["ward_id"]
        colours[feature["id"]] = drawing.ward_colour(float(result.wards.loc[feature["id"], measure]), measure)
        feature["properties"] = {}
    return folium.GeoJson(
        shapes, name=escape(name), overlay=not base, show=show, pane="fills", interactive=False,
        style_function=lambda feature: {"stroke": False, "fillColor": colours[feature["id"]], "fillOpacity": 0.7},
    )  # fmt: skip


def _outlines(result: Result, lang: Language) -> folium.GeoJson:
    """Return the borders, which carry the tooltips; they lie above the coverage, the fills below it."""
    shapes = drawing.ward_shapes(result.study.city.wards.frame)
    fields = {"name": t("maps.ward", lang), "district": t("maps.district", lang)}
    fields |= {column: t(f"measure.{column}", lang) for column in FIGURES}
    for feature in shapes["features"]:
        ward = feature["properties"]
        row = result.wards.loc[ward["ward_id"]]
        texts = {"name": ward["name"], "district": ward["district"]}
        texts |= {column: _share(row[column], lang) for column in FIGURES}
        feature["id"] = ward["ward_id"]
        feature["properties"] = {key: escape(text) for key, text in texts.items()}
    return folium.GeoJson(
        shapes, name="outlines", control=False,
        style_function=lambda _: {"color": "#ffffff", "weight": 1.2, "fillOpacity": 0},
        highlight_function=lambda _: {"color": "#16202a", "weight": 2.5},
        tooltip=folium.GeoJsonTooltip(list(fields), [escape(label) for label in fields.values()]),
    )  # fmt: skip


def _share(value: Any, lang: Language) -> str:
    return t("maps.unknown", lang) if pd.isna(value) else percent(float(value), lang)


def _operator_colours(result: Result) -> dict[str, str]:
    return drawing.operator_colours(list(result.study.city.cells.frame["operator"]))


def _sites(
    cells: gpd.GeoDataFrame, technology: str, lang: Language, colours: dict[str, str], name: str | None = None
) -> folium.GeoJson:
    points = drawing.site_points(cells, technology)
    styles = {}
    for index, feature in enumerate(points["features"]):
        site = feature["properties"]
        feature["id"] = str(index)
        own = site["cells"] > 0
        styles[str(index)] = {
            "radius": 4 if own else 2, "weight": 1 if own else 0, "color": "#ffffff",
            "fillColor": colours[site["operator"]], "fillOpacity": 0.95 if own else 0.45,
        }  # fmt: skip
        feature["properties"] = {key: escape(text) for key, text in site.items()}
    labels = [
        t("maps.site", lang),
        t("maps.operator", lang),
        t("maps.site_cells", lang, technology=legends.GENERATIONS[technology]),
    ]
    tooltip = folium.GeoJsonTooltip(["site_id", "operator", "cells"], [escape(label) for label in labels])
    return folium.GeoJson(
        points, name=escape(name or t("maps.layer_sites", lang)), marker=folium.CircleMarker(fill=True),
        style_function=lambda feature: styles[feature["id"]], tooltip=tooltip if styles else None,
    )  # fmt: skip


def _row(colour: str, text: str, kind: str = "") -> str:
    return f'<div class="row"><i class="{kind}" style="background:{colour}"></i>{escape(text)}</div>'


def _legend(result: Result, lang: Language, measure: str, after: Result | None = None, disputed: bool = False) -> str:
    study, definition = result.study, result.definition
    edge = definition.edge
    figure = _share(result.headline, lang)
    if after is not None:
        figure += f" → {_share(after.headline, lang)}"
    parts = [
        f'<details class="legend" open><summary>{escape(study.city.title(lang))}</summary>',
        f'<span class="badge">{escape(t("maps.synthetic", lang))}</span>' if study.city.synthetic else "",
        f'<div class="figure">{escape(figure)}</div><p>{escape(t(f"measure.{definition.headline}", lang))}</p>',
        f"<h2>{escape(t('maps.layer_wards', lang))}: {escape(t(f'measure.{measure}', lang))}</h2>",
        *(_row(colour, text) for colour, text in legends.ward_classes(measure, lang)),
        f"<h2>{escape(t('maps.layer_coverage', lang))}</h2>",
        *(_row(colour, text) for colour, text in legends.coverage_classes(edge, lang, gained=after is not None)),
        _row(drawing.DISPUTED, t("maps.disputed", lang), "hatch") if disputed else "",
        f"<h2>{escape(t('maps.layer_sites', lang))}</h2>",
        *(_row(colour, name, "dot") for name, colour in _operator_colours(after or result).items()),
        _row(drawing.UNKNOWN, t("maps.site_none", lang, technology=legends.GENERATIONS[study.technology]), "dot small"),
        *(f"<small>{escape(line)}</small>" for line in legends.basis(result, lang)),
        "</details>",
    ]
    return "".join(parts)
