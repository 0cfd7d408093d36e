"""Photos as evidence: where they were taken, if their camera says so; whatever else the header holds."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from pyproj import Transformer
from shapely import Point

from coverage.errors import LayerError
from coverage.files.evidence import area_of
from coverage.files.photos import photo_lines
from coverage.files.sandbox import read_sent
from coverage.types import WORKING_CRS

DRAGON_BRIDGE = (16.061, 108.227)


def photo(gps=None, taken=None, size=(8, 6)):
    """Return a synthetic JPEG with GPS attributes."""
    out, header = BytesIO(), Image.Exif()
    if gps is not None:
        header[ExifTags.IFD.GPSInfo] = gps
    if taken:
        header[ExifTags.Base.DateTime] = taken
    Image.new("RGB", size, "grey").save(out, "jpeg", exif=header)
    return out.getvalue()


def at(lat, lon, **more):
    def parts(value):
        degrees, rest = divmod(abs(value) * 3600, 3600)
        return degrees, *divmod(rest, 60)

    return {1: "S" if lat < 0 else "N", 2: parts(lat), 3: "W" if lon < 0 else "E", 4: parts(lon), **more}


@settings(max_examples=30, deadline=None)
@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
def test_the_place_of_a_photo_comes_back(lat, lon):
    if abs(lat) + abs(lon) < 1e-6:
        return
    (_, row), _ = photo_lines(photo(at(lat, lon)), "a.jpg")
    assert float(row[0]) == pytest.approx(lon, abs=2e-6)
    assert float(row[1]) == pytest.approx(lat, abs=2e-6)


def test_direction_and_time_are_read_where_they_are():
    header, row = photo_lines(photo(at(*DRAGON_BRIDGE) | {17: 123.4}, "2023:05:01 09:30:00"), "a.jpg")[0]
    assert dict(zip(header, row, strict=True)) == {
        "longitude": "108.2270000", "latitude": "16.0610000", "direction_deg": "123.4",
        "taken_at": "2023:05:01 09:30:00",
    }  # fmt: skip


def test_a_photo_speaks_for_the_square_around_its_place():
    area = area_of("cầu Rồng.JPG", photo(at(*DRAGON_BRIDGE)))
    place = Point(Transformer.from_crs("EPSG:4326", WORKING_CRS, always_xy=True).transform(*DRAGON_BRIDGE[::-1]))
    assert area.area == pytest.approx(2500)
    assert area.centroid.distance(place) < 0.3  # a seventh digit of a degree


@pytest.mark.parametrize(
    "gps",
    [
        None,
        {},
        {1: "N", 2: (16.0, 3.0)},
        at(0.0, 0.0),
        {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (108.0, 0.0, 0.0)},
    ],
    ids=["none", "empty", "half", "zero", "impossible"],
)
def test_a_photo_without_a_place_is_kept_and_says_nothing(gps):
    content = photo(gps)
    assert area_of("a.jpg", content) is None
    with pytest.raises(LayerError, match="photo_without_place"):
        photo_lines(content, "a.jpg")


def test_documents_without_places_say_nothing():
    assert area_of("report.pdf", b"%PDF-1.7") is None


def test_a_photo_is_no_table_of_a_partner():
    with pytest.raises(LayerError, match="wrong_extension"):
        read_sent("cells.jpg", photo(at(*DRAGON_BRIDGE)))


def test_another_file_named_as_a_photo_is_refused():
    with pytest.raises(LayerError, match="content_mismatch"):
        area_of("a.jpg", b"PK\x03\x04 no photo")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_headers_end_in_a_sentence(data):
    content = bytearray(photo(at(*DRAGON_BRIDGE), "2023:05:01 09:30:00"))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(2, min(len(content), 300) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(3, len(content)))]
    try:
        (_, row), _ = photo_lines(bytes(content), "a.jpg")
    except LayerError as error:
        assert error.code in {"bad_photo", "photo_without_place"}  # noqa: PT017
    else:
        assert -180 <= float(row[0]) <= 180
        assert -90 <= float(row[1]) <= 90
