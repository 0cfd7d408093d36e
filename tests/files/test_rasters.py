"""GeoTIFFs as they come: any CRS, no data, scale, rotation; what cannot be used is said."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.errors import NotGeoreferencedWarning

from coverage.errors import LayerError
from coverage.files.rasters import read_raster, read_raster_and_source
from coverage.grid import Grid
from coverage.words import LANGUAGES, render

WEST, NORTH = 545_000.0, 1_778_000.0
BOX = (WEST, NORTH - 4000, WEST + 6000, NORTH)  # four rows and six columns of 1 km
VALUES = np.arange(24, dtype=np.float32).reshape(4, 6)
UPRIGHT = Affine(1000, 0, WEST, 0, -1000, NORTH)


def write(path, values=VALUES, transform=UPRIGHT, crs="EPSG:5899", scale=None, **options):
    """Write bands as a GeoTIFF."""
    bands = values if values.ndim == 3 else values[None]
    profile = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2]}
    profile |= {"dtype": bands.dtype, "crs": crs, "transform": transform}
    with rasterio.open(path, "w", **profile, **options) as out:
        out.write(bands)
        if scale is not None:
            out.scales, out.offsets = [scale[0]], [scale[1]]
    return path


def refused(path, code, **options):
    with pytest.raises(LayerError) as caught:
        read_raster(path, "m", **options)
    assert caught.value.code == code
    for lang in LANGUAGES:
        assert path.name in render(caught.value, lang)


def test_a_raster_comes_back_as_it_is(tmp_path):
    raster, source = read_raster_and_source(write(tmp_path / "t.tif"), "m")
    np.testing.assert_array_equal(raster.values, VALUES)
    assert raster.transform == UPRIGHT
    assert raster.unit == "m"
    assert len(source.sha256) == 64


def test_no_data_is_unknown_not_zero_nor_minus_9999(tmp_path):
    values = VALUES.copy()
    values[0, 0], values[1, 1] = -9999, np.inf
    raster = read_raster(write(tmp_path / "t.tif", values, nodata=-9999), "m")
    assert np.isnan(raster.values[0, 0])
    assert np.isnan(raster.values[1, 1])
    assert np.isfinite(raster.values).sum() == 22
    bytes_ = read_raster(write(tmp_path / "b.tif", VALUES.astype(np.uint8), nodata=0), "class")
    assert np.isnan(bytes_.values[0, 0])
    assert bytes_.values[3, 5] == 23


def test_scale_and_offset_are_applied(tmp_path):
    raster = read_raster(write(tmp_path / "t.tif", VALUES.astype(np.int16), scale=(0.5, 100.0)), "m")
    np.testing.assert_allclose(raster.values, VALUES * 0.5 + 100)


def test_large_whole_numbers_stay_exact(tmp_path):
    values = np.full((4, 6), 16_777_217, dtype=np.int32)  # the first whole number that float32 does not hold
    assert (read_raster(write(tmp_path / "t.tif", values), "people").values == 16_777_217).all()


@pytest.mark.parametrize("crs", ["EPSG:5899", "EPSG:4326", "EPSG:32648", "EPSG:3857"])
def test_only_the_part_around_the_bounds_is_read_in_any_crs(tmp_path, crs):
    to = Transformer.from_crs("EPSG:5899", crs, always_xy=True)
    x, y = to.transform(WEST, NORTH)
    pixel = 0.01 if crs == "EPSG:4326" else 1000.0
    values = np.arange(200 * 300, dtype=np.float32).reshape(200, 300)
    path = write(tmp_path / "t.tif", values, Affine(pixel, 0, x - 100 * pixel, 0, -pixel, y + 80 * pixel), crs)
    whole, part = read_raster(path, "m"), read_raster(path, "m", within=BOX)
    assert part.values.size < 200 < whole.values.size
    grid = Grid.covering(BOX, 250.0)
    np.testing.assert_array_equal(part.on(grid, "nearest"), whole.on(grid, "nearest"))
    assert np.isfinite(part.on(grid, "nearest")).all()


def test_a_rotated_raster_keeps_its_places(tmp_path):
    turned = Affine.translation(WEST, NORTH) @ Affine.rotation(30) @ Affine.scale(1000, -1000)
    raster = read_raster(write(tmp_path / "t.tif", transform=turned), "m", within=BOX)
    x, y = turned @ (2.5, 1.5)
    grid = Grid(west_m=x - 5, north_m=y + 5, pixel_m=10.0, rows=1, cols=1)
    assert raster.on(grid, "nearest")[0, 0] == VALUES[1, 2]


def test_a_raster_whose_rows_run_north_keeps_its_places(tmp_path):
    path = write(tmp_path / "t.tif", transform=Affine(1000, 0, WEST, 0, 1000, NORTH - 4000))
    raster = read_raster(path, "m", within=(WEST, NORTH - 1500, WEST + 6000, NORTH))
    grid = Grid(west_m=WEST + 500, north_m=NORTH - 495, pixel_m=10.0, rows=1, cols=1)
    assert raster.on(grid, "nearest")[0, 0] == VALUES[3, 0]
    assert raster.values.shape == (2, 6)


def test_what_cannot_be_used_is_said(tmp_path):
    refused(write(tmp_path / "nocrs.tif", crs=None), "raster_no_crs")
    with pytest.warns(NotGeoreferencedWarning):
        write(tmp_path / "noplace.tif", transform=Affine.identity())
    refused(tmp_path / "noplace.tif", "raster_no_transform")
    refused(write(tmp_path / "bands.tif", np.stack([VALUES] * 3)), "raster_bands")
    refused(write(tmp_path / "complex.tif", VALUES.astype(np.complex64)), "raster_complex")
    refused(write(tmp_path / "empty.tif", np.full((4, 6), -1, np.float32), nodata=-1), "raster_empty")
    refused(write(tmp_path / "far.tif", transform=Affine(1000, 0, 0, 0, -1000, 1e6)), "raster_elsewhere", within=BOX)
    (tmp_path / "half.tif").write_bytes((tmp_path / "bands.tif").read_bytes()[:40])
    refused(tmp_path / "half.tif", "raster_unreadable")
    (tmp_path / "t.csv").write_text("a")
    refused(tmp_path / "t.csv", "wrong_extension")
    refused(tmp_path / "none.tif", "file_missing")


def test_a_raster_of_gigapixels_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "bomb.tif"
    profile = {"driver": "GTiff", "count": 1, "height": 100_000, "width": 100_000, "dtype": "uint8", "crs": "EPSG:5899"}
    with rasterio.open(path, "w", **profile, transform=UPRIGHT, sparse_ok=True, tiled=True, compress="deflate"):
        pass
    assert path.stat().st_size < 10_000_000
    refused(path, "raster_too_large")
    tile = {"tiled": True, "blockxsize": 32_000, "blockysize": 32_000}  # 1 GB to unpack, whatever part is wanted
    with rasterio.open(path, "w", **profile, **tile, transform=UPRIGHT, sparse_ok=True, compress="deflate"):
        pass
    refused(path, "raster_too_large", within=BOX)


def test_files_beside_it_change_nothing(tmp_path):
    path = write(tmp_path / "t.tif")
    (tmp_path / "t.tif.aux.xml").write_text(
        '<PAMDataset><PAMRasterBand band="1"><NoDataValue>5</NoDataValue></PAMRasterBand></PAMDataset>'
    )
    (tmp_path / "t.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    raster = read_raster(path, "m")
    assert raster.values[0, 5] == 5
    assert raster.transform == UPRIGHT
