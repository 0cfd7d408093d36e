"""Hamlets from the tables that people have: places in degrees, shapes, and what is said where there are none."""

import geopandas as gpd
import pytest
from shapely.geometry import box

from coverage.errors import LayerError
from coverage.files.hamlets import read_hamlets
from coverage.words import LANGUAGES, render


def written(tmp_path, text):
    path = tmp_path / "hamlets.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_places_in_degrees_become_points_of_the_map(tmp_path):
    found = read_hamlets(written(tmp_path, "Tên thôn,Kinh độ,Vĩ độ\nPhú Túc,108.05,15.98\nTà Lang,107.98,16.12\n"))
    assert found["name"].tolist() == ["Phú Túc", "Tà Lang"]
    assert set(found.geom_type) == {"Point"}
    back = found.to_crs("EPSG:4326")
    assert back.geometry.x.tolist() == pytest.approx([108.05, 107.98])
    assert back.geometry.y.tolist() == pytest.approx([15.98, 16.12])


def test_shapes_are_read_from_a_column_of_wkt_and_from_a_layer(tmp_path):
    square = box(108.0, 16.0, 108.1, 16.1)
    layer = tmp_path / "hamlets.gpkg"
    gpd.GeoDataFrame({"name": ["An"]}, geometry=[square], crs="EPSG:4326").to_file(layer)
    table = read_hamlets(written(tmp_path, f'name,wkt\nAn,"{square.wkt}"\n'))
    assert table.area.tolist() == pytest.approx(read_hamlets(layer).area.tolist())
    assert table.crs == "EPSG:5899"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name,households\nAn,12\n", "hamlets_without_place"),
        ("longitude,latitude\n108,16\n", "hamlets_without_name"),
        ("name,longitude,latitude\nAn,108,16\nBa,,\n", "hamlet_without_place"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(tmp_path, text, code):
    with pytest.raises(LayerError) as caught:
        read_hamlets(written(tmp_path, text))
    assert caught.value.code == code
    assert all("hamlets.csv" in render(caught.value, lang) for lang in LANGUAGES)
