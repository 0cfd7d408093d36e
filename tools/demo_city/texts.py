"""What stands beside the files, in Vietnamese and English."""

from __future__ import annotations

CITY_TOML = """\
# The embedded demo city. SYNTHETIC: real names, codes, areas and census counts; everything else is made up.
# Thành phố mẫu. DỮ LIỆU TỔNG HỢP: tên, mã, diện tích và số liệu điều tra dân số là thật; phần còn lại là tạo ra.
name = "Đà Nẵng (dữ liệu mẫu, tổng hợp)"
name_en = "Đà Nẵng (demo, synthetic)"
edition = "2019"
households_period = "2019-04"  # the census; lines are of December 2022
synthetic = true

[layers]  # paths relative to this file
wards = "wards.geojson"
cells = "cells.csv"
households = "../registers/census_2019.csv"
population = "population.tif"
households_raster = "households.tif"
subscriptions = "subscriptions.csv"
survey = "survey.csv"
terrain = "terrain.tif"
clutter = "clutter.tif"
"""

PROVENANCE: dict[str, dict[str, str]] = {
    "wards.geojson": {
        "title_vi": "Ranh giới 56 phường, xã năm 2019 (dữ liệu tổng hợp)",
        "title_en": "Boundaries of 56 wards, 2019 (synthetic)",
        "note": "Synthetic: real names, codes and areas; the borders are made up.",
        "how_vi": "Đường bờ biển và ranh giới thành phố vẽ tay; quận huyện chia theo đường vẽ tay; phường xã là biểu đồ"
        " lũy thừa có diện tích đúng bằng sổ đăng ký, cạnh chung được làm gồ ghề như nhau ở hai bên.",
        "how_en": "Coast and city border drawn by hand; districts by hand-drawn lines; wards are power diagrams with"
        " the areas of the register, their shared borders roughened alike on both sides.",
        "crs": "EPSG:4326",
    },
    "cells.csv": {
        "title_vi": "Cell 4G và 5G của bốn nhà mạng (dữ liệu tổng hợp)",
        "title_en": "4G and 5G cells of four operators (synthetic)",
        "note": "Synthetic: no mast of any operator stands where this file says.",
        "how_vi": "Vị trí rút ngẫu nhiên (mầm cố định) theo mật độ dân cư và dọc đường; độ cao, hướng, băng tần, công"
        " suất hợp lý; một số ô để trống như tệp thật.",
        "how_en": "Positions drawn (fixed seed) by where people live and along roads; plausible heights, azimuths,"
        " bands and powers; some fields left empty as in real files.",
        "crs": "EPSG:4326",
    },
    "subscriptions.csv": {
        "title_vi": "Thuê bao băng rộng cố định và di động, tháng 12/2022 (dữ liệu tổng hợp)",
        "title_en": "Fixed and mobile broadband subscriptions, December 2022 (synthetic)",
        "note": "Synthetic: no operator reported these lines. The defects (missing wards, two spellings, a row twice,"
        " grouped digits, more lines than households) are there on purpose.",
        "how_vi": "Số hộ nhân với tỷ lệ rút ngẫu nhiên (mầm cố định) theo phường xã, chia cho các nhà cung cấp.",
        "how_en": "Households times a rate drawn per ward (fixed seed), shared among the providers.",
    },
    "survey.csv": {
        "title_vi": "Khảo sát hộ gia đình có Internet, tháng 12/2022 (dữ liệu tổng hợp)",
        "title_en": "Survey of household internet, December 2022 (synthetic)",
        "note": "Synthetic: nobody was asked. Two thirds of the wards, 40 to 90 households each.",
        "how_vi": "Tỷ lệ thật giả định suy từ thuê bao hộ gia đình của từng phường xã; câu trả lời rút ngẫu nhiên.",
        "how_en": "An assumed true share follows from the household lines of each ward; answers are drawn from it.",
    },
    "terrain.tif": {
        "title_vi": "Độ cao mặt đất, 30 m (dữ liệu tổng hợp)",
        "title_en": "Height of the bare ground, 30 m (synthetic)",
        "note": "Synthetic: mountains stand about where they are, no slope is real.",
        "how_vi": "Đường sống núi, sông và đồng bằng vẽ tay; mặt Laplace, nhiễu phân dạng, xói mòn theo dòng chảy.",
        "how_en": "Ridges, rivers and plain drawn by hand; Laplace surface, fractal noise, stream-power erosion.",
        "crs": "EPSG:5899",
        "unit": "m above sea level; the sea is 0",
    },
    "clutter.tif": {
        "title_vi": "Lớp phủ mặt đất, 30 m, mã ESA WorldCover (dữ liệu tổng hợp)",
        "title_en": "Land cover, 30 m, codes of ESA WorldCover (synthetic)",
        "note": "Synthetic: not a classified image.",
        "how_vi": "Suy ra từ độ cao, độ dốc, khu dân cư, đường và sông vẽ tay, và nhiễu.",
        "how_en": "Derived from height, slope, hand-typed towns, roads and rivers, and noise.",
        "crs": "EPSG:5899",
        "unit": "10 trees, 30 grass, 40 crops, 50 built-up, 60 bare, 80 water",
    },
    "population.tif": {
        "title_vi": "Số người trên mỗi ô 100 m (dữ liệu tổng hợp, tổng theo phường xã đúng điều tra 2019)",
        "title_en": "People per 100 m pixel (synthetic; sums per ward are those of the 2019 census)",
        "note": "Synthetic inside each ward; the sum of each ward (pixel centres) is the census of 2019.",
        "how_vi": "Chia dân số của phường xã theo đất ở và mật độ, làm tròn theo số dư lớn nhất.",
        "how_en": "Population of the ward shared out by built-up land and density, largest remainders.",
        "crs": "EPSG:5899",
        "unit": "people",
    },
    "households.tif": {
        "title_vi": "Số hộ trên mỗi ô 100 m (dữ liệu tổng hợp, tổng theo phường xã đúng điều tra 2019)",
        "title_en": "Households per 100 m pixel (synthetic; sums per ward are those of the 2019 census)",
        "note": "Synthetic inside each ward; the sum of each ward (pixel centres) is the census of 2019.",
        "how_vi": "Chia số hộ của phường xã theo số người trên mỗi ô, làm tròn theo số dư lớn nhất.",
        "how_en": "Households of the ward shared out by the people per pixel, largest remainders.",
        "crs": "EPSG:5899",
        "unit": "households",
    },
}
