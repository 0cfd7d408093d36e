"""`challenged_area`: where the evidence of a challenge lies: polygons, places of measurements or of photos."""

from __future__ import annotations

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from coverage.errors import LayerError
from coverage.files.hamlets import places_of
from coverage.files.layers import need_crs
from coverage.files.raw import RawTable
from coverage.files.sandbox import read_sent
from coverage.types import WORKING_CRS

# A measurement speaks for the pixel it was made in; 50 m is the side of a pixel unless a study names another.
MEASURED_M = 50.0
MAX_SHAPES = 20_000  # of one challenge: more are a survey, which has its own way in
PLACED = ("csv", "geojson", "kml", "gpkg", "zip", "xlsx")  # evidence that must tell a place
PHOTOS = ("jpg", "jpeg")  # evidence that may


def area_of(name: str, content: bytes) -> BaseGeometry | None:
    """Return the area that one piece of evidence speaks of, working CRS [m].

    Parameters
    ----------
    name : str
        Of the file; its extension says what it is.
    content : bytes
        Read by a confined process.

    Returns
    -------
    Polygon, MultiPolygon or None
        None for a document without places: a photo that does not say where it was taken, a PDF, a text.

    Raises
    ------
    LayerError
        As `challenged_area` and `coverage.files.sandbox.read_sent`; ``bad_photo`` for a damaged JPEG.
    """
    kind = name.rpartition(".")[2].lower()
    if kind not in PLACED + PHOTOS:
        return None
    try:
        return challenged_area(read_sent(name, content, photos=kind in PHOTOS))
    except LayerError as error:
        if error.code == "photo_without_place":
            return None
        raise


def challenged_area(raw: RawTable) -> BaseGeometry:
    """Return the area that a file of evidence speaks of.

    Parameters
    ----------
    raw : RawTable
        Of `coverage.files.sandbox.read_sent`: polygons, or points with longitude and latitude in degrees.

    Returns
    -------
    Polygon or MultiPolygon
        Working CRS [m]: the union of the polygons and of a square of 50 m around every point.

    Raises
    ------
    LayerError
        ``no_rows``; ``too_many_rows``; ``evidence_without_place`` where no row has a place;
        ``missing_crs``, ``bad_crs``.
    """
    file = raw.source.name
    if not len(raw.frame):  # polygons may come without any column
        raise LayerError("no_rows", file=file)
    if len(raw.frame) > MAX_SHAPES:
        raise LayerError("too_many_rows", file=file, rows=len(raw.frame), limit=MAX_SHAPES)
    shapes = places_of(raw)
    if shapes is None or (shapes.isna() | shapes.is_empty).all():
        raise LayerError("evidence_without_place", file=file)
    need_crs(shapes, file)
    known = shapes[~(shapes.isna() | shapes.is_empty)].to_crs(WORKING_CRS)
    area = shapely.union_all([_ground(shape) for shape in known])
    polygons = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]
    if not polygons or not shapely.is_valid(area):
        raise LayerError("evidence_without_place", file=file)
    return shapely.union_all(polygons)


def drawn_area(corners: list[tuple[float, float]]) -> BaseGeometry | None:
    """Return the area within corners that were drawn on a map, None for what encloses nothing.

    Parameters
    ----------
    corners : list of (latitude, longitude)
        Degrees, in their order along the edge.
    """
    if len(corners) < 3:
        return None
    ring = gpd.GeoSeries([shapely.Polygon([(lon, lat) for lat, lon in corners])], crs="EPSG:4326").to_crs(WORKING_CRS)
    parts = [part for part in shapely.get_parts(shapely.make_valid(ring.iloc[0])) if part.geom_type == "Polygon"]
    return shapely.union_all(parts) if parts else None


def _ground(shape: BaseGeometry) -> BaseGeometry:
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shapely.make_valid(shape)
    return shape.buffer(MEASURED_M / 2, cap_style="square")
