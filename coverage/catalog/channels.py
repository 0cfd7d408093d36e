"""Channel numbers to frequencies: NR-ARFCN (TS 38.104 §5.4.2.1) and EARFCN (TS 36.101 §5.7.3)."""

from __future__ import annotations

from coverage.errors import RangeError

# TS 38.104 V18, table 5.4.2.1-1: last number, step [MHz], first frequency [MHz], first number.
_RASTER = ((599_999, 0.005, 0.0, 0), (2_016_666, 0.015, 3000.0, 600_000), (3_279_165, 0.060, 24_250.08, 2_016_667))

# TS 36.101 V18, table 5.7.3-1: band, lowest downlink frequency [MHz], first and last downlink number.
_LTE = (
    (1, 2110, 0, 599), (2, 1930, 600, 1199), (3, 1805, 1200, 1949), (4, 2110, 1950, 2399), (5, 869, 2400, 2649),
    (7, 2620, 2750, 3449), (8, 925, 3450, 3799), (9, 1844.9, 3800, 4149), (10, 2110, 4150, 4749),
    (11, 1475.9, 4750, 4949), (12, 729, 5010, 5179), (13, 746, 5180, 5279), (14, 758, 5280, 5379),
    (17, 734, 5730, 5849), (18, 860, 5850, 5999), (19, 875, 6000, 6149), (20, 791, 6150, 6449),
    (21, 1495.9, 6450, 6599), (22, 3510, 6600, 7399), (24, 1525, 7700, 8039), (25, 1930, 8040, 8689),
    (26, 859, 8690, 9039), (27, 852, 9040, 9209), (28, 758, 9210, 9659), (29, 717, 9660, 9769),
    (30, 2350, 9770, 9869), (31, 462.5, 9870, 9919), (32, 1452, 9920, 10_359), (33, 1900, 36_000, 36_199),
    (34, 2010, 36_200, 36_349), (35, 1850, 36_350, 36_949), (36, 1930, 36_950, 37_549), (37, 1910, 37_550, 37_749),
    (38, 2570, 37_750, 38_249), (39, 1880, 38_250, 38_649), (40, 2300, 38_650, 39_649), (41, 2496, 39_650, 41_589),
    (42, 3400, 41_590, 43_589), (43, 3600, 43_590, 45_589), (65, 2110, 65_536, 66_435), (66, 2110, 66_436, 67_335),
    (71, 617, 68_586, 68_935),
)  # fmt: skip


def nr_frequency_mhz(arfcn: int) -> float:
    """Return the reference frequency of an NR-ARFCN [MHz].

    Parameters
    ----------
    arfcn : int
        0–3279165.

    Raises
    ------
    RangeError
        ``arfcn_range``.

    Examples
    --------
    >>> nr_frequency_mhz(632628), nr_frequency_mhz(510000), nr_frequency_mhz(2016667)
    (3489.42, 2550.0, 24250.08)
    """
    for last, step, frequency, first in _RASTER:
        if first <= arfcn <= last:
            return round(frequency + step * (arfcn - first), 3)
    raise RangeError("arfcn_range", kind="NR-ARFCN", value=arfcn)


def lte_channel(earfcn: int) -> tuple[str, float]:
    """Return the band and the downlink frequency [MHz] of a downlink EARFCN.

    Parameters
    ----------
    earfcn : int

    Raises
    ------
    RangeError
        ``arfcn_range`` for a number of no band, an uplink number included.

    Examples
    --------
    >>> lte_channel(1617), lte_channel(6300), lte_channel(39650)
    (('B3', 1846.7), ('B20', 806.0), ('B41', 2496.0))
    """
    for band, low, first, last in _LTE:
        if first <= earfcn <= last:
            return f"B{band}", round(low + 0.1 * (earfcn - first), 1)
    raise RangeError("arfcn_range", kind="EARFCN", value=earfcn)
