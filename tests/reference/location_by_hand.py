"""Location variability of ITU-R P.1812-8 §4.8 worked out by hand: every published case stands at 50 % of locations.

Written from the Recommendation and from DESIGN §5.3 with nothing but `math`; nothing of `coverage` may be imported.

The loss not exceeded at pL per cent of locations is (eq. 69)

    Lb = max(Lb0p, Lbc − I(pL / 100) · σ)

where I(x) is the value that a standard normal variable exceeds with probability x, so that I(0.5) = 0 and I falls with
x: more locations cost more loss. Lb0p is the loss of the line of sight and free space, below which location does not
go. The field strength for 1 kW e.r.p. follows (eq. 70) as Ep = 199.36 + 20·log10(f) − Lb. The standard deviation of a
pixel w metres wide outdoors is σ_L = (0.024·f + 0.52)·w^0.28, f in GHz.
"""

from __future__ import annotations

from math import erf, exp, log, sqrt

# Upper quantiles of the normal distribution from any table, six digits: x → the value exceeded with probability x.
QUANTILES = {0.01: 2.326348, 0.05: 1.644854, 0.10: 1.281552, 0.16: 0.994458, 0.25: 0.674490, 0.50: 0.0}

# σ_L step by step: 0.024·f + 0.52, then w^0.28 = exp(0.28·ln w), then the product, rounded to four digits.
#   0.763 GHz,  25 m: 0.538312 · exp(0.28 · 3.218876) = 0.538312 · 2.462773 = 1.3257
#   2.55  GHz,  25 m: 0.581200 · 2.462773                                  = 1.4314
#   2.55  GHz, 100 m: 0.581200 · exp(0.28 · 4.605170) = 0.581200 · 3.630781 = 2.1102
#   3.75  GHz,  10 m: 0.610000 · exp(0.28 · 2.302585) = 0.610000 · 1.905461 = 1.1623
SIGMA_L_DB = {(0.763, 25.0): 1.3257, (2.55, 25.0): 1.4314, (2.55, 100.0): 2.1102, (3.75, 10.0): 1.1623}

# √(σ_L² + 6²), the spread the product uses until measurements calibrate it (DESIGN §5.3).
#   0.763 GHz,  25 m: √(1.757 + 36) = 6.1447      2.55 GHz, 100 m: √(4.453 + 36) = 6.3603
#   2.55  GHz,  25 m: √(2.049 + 36) = 6.1684      3.75 GHz,  10 m: √(1.351 + 36) = 6.1115
SPREAD_DB = {(0.763, 25.0): 6.1447, (2.55, 25.0): 6.1684, (2.55, 100.0): 6.3603, (3.75, 10.0): 6.1115}


def sigma_l_db(frequency_ghz: float, pixel_m: float) -> float:
    """Return σ_L of a pixel [dB]."""
    return (0.024 * frequency_ghz + 0.52) * exp(0.28 * log(pixel_m))


def exceeded_with(share: float) -> float:
    """Return I(share) to ten digits by halving an interval, not by the approximation of the Recommendation."""
    low, high = -8.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        if 0.5 * (1 - erf(middle / sqrt(2))) > share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
