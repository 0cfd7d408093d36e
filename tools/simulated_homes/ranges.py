"""The ranges that the parameters of simulated cities are drawn from, evenly unless told otherwise.

No published Vietnamese figure stands behind the shares of offices, second lines and shared lines: the ranges are
assumptions, wide enough that neither "every line is a home" nor "every home has one line" holds.
"""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """Lowest and highest value of every parameter.

    Attributes
    ----------
    wards, households : (int, int)
        Wards of the city; households at the date of the lines.
    connected : Range
        Share of a ward's households with a fixed line, before income, density, neighbourhood and chance move it.
    income_slope, density_slope : Range
        Change of the log odds of being connected by one standard deviation of income and of the logarithm of density.
    neighbourhood_sd, ward_sd : Range
        Standard deviation of the log odds: smooth over some kilometres, and of each ward by itself.
    second_line : Range
        Share of a ward's connected households with a line of a second operator.
    shared_line : Range
        Share of a ward's connected households on the line of another household (rooms to let).
    office_lines : Range
        Lines of businesses and institutions per household of an ordinary ward.
    centre_wards, centre_office_lines : Range
        Share of the wards that are full of offices, and their office lines per household.
    household_label, business_label, unlabelled : Range
        Share of the lines labelled household, labelled business, or without a label that serve a household: every ward
        of every city lies inside.
    lines_per_household : Range
        Residential lines per connected household: every ward lies inside.
    silent_operator : float
        Probability that one operator labels none of its lines.
    mobile_only : Range
        Share of the households without a fixed line that are on the internet at home by mobile broadband.
    passed_beyond : Range
        Share of the households without a fibre line that fibre passes nevertheless.
    years, growth_per_year : Range
        From the count of households to the lines [years], and growth of the households of a ward [1/year].
    missing_wards : Range
        Share of the wards without any row of lines.
    surveyed_wards, sample, design_effect : Range
        Share of the wards that the survey went to, households asked in each, and variance over that of a simple sample.
    raster_error : Range
        Standard deviation of the logarithm of the error of the published households per pixel.
    proxy_error : Range
        Standard deviation of the error of the published income, in its own standard deviations.
    """

    wards: tuple[int, int] = (30, 80)
    households: tuple[int, int] = (40_000, 90_000)
    connected: Range = (0.60, 0.88)
    income_slope: Range = (0.2, 0.7)
    density_slope: Range = (0.0, 0.5)
    neighbourhood_sd: Range = (0.1, 0.5)
    ward_sd: Range = (0.1, 0.35)
    second_line: Range = (0.02, 0.12)
    shared_line: Range = (0.0, 0.05)
    office_lines: Range = (0.03, 0.10)
    centre_wards: Range = (0.05, 0.15)
    centre_office_lines: Range = (0.2, 0.5)
    household_label: Range = (0.85, 1.0)
    business_label: Range = (0.0, 0.25)
    unlabelled: Range = (0.45, 1.0)
    lines_per_household: Range = (0.93, 1.15)
    silent_operator: float = 0.3
    mobile_only: Range = (0.3, 0.8)
    passed_beyond: Range = (0.3, 0.95)
    years: Range = (0.0, 6.0)
    growth_per_year: Range = (0.0, 0.04)
    missing_wards: Range = (0.0, 0.15)
    surveyed_wards: Range = (0.5, 1.0)
    sample: tuple[int, int] = (25, 150)
    design_effect: Range = (1.0, 1.6)
    raster_error: Range = (0.0, 0.3)
    proxy_error: Range = (0.2, 0.8)


RANGES = Ranges()
