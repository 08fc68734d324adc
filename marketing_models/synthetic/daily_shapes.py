"""How a large customer's day looks: load by quarter-hour over its mean, by kind of industry.

Own assumption for the synthetic province, drawn after the common typical days of load surveys.
"""

import numpy as np

from marketing_models.synthetic.streams import Floats

_HOURS = {
    "continuous": [
        *(1.04, 1.04, 1.04, 1.03, 1.03, 1.02, 1.01, 1.00, 0.97, 0.95, 0.95, 0.97),
        *(0.99, 0.99, 0.98, 0.98, 0.98, 0.97, 0.97, 0.98, 1.00, 1.02, 1.04, 1.04),
    ],
    "two_shift": [
        *(0.66, 0.60, 0.58, 0.57, 0.58, 0.62, 0.76, 1.00, 1.24, 1.30, 1.30, 1.20),
        *(1.06, 1.20, 1.30, 1.30, 1.28, 1.18, 1.06, 1.14, 1.18, 1.14, 1.00, 0.78),
    ],
    "day_shift": [
        *(0.34, 0.32, 0.31, 0.31, 0.32, 0.36, 0.52, 1.06, 1.84, 2.02, 2.04, 1.72),
        *(1.10, 1.66, 2.00, 2.02, 1.96, 1.50, 0.82, 0.62, 0.54, 0.46, 0.40, 0.36),
    ],
    "office": [
        *(0.46, 0.44, 0.43, 0.43, 0.44, 0.48, 0.66, 1.02, 1.46, 1.62, 1.64, 1.58),
        *(1.40, 1.48, 1.60, 1.60, 1.54, 1.30, 0.98, 0.86, 0.76, 0.66, 0.56, 0.50),
    ],
    "retail": [
        *(0.52, 0.48, 0.46, 0.45, 0.46, 0.50, 0.62, 0.78, 0.98, 1.18, 1.28, 1.32),
        *(1.34, 1.30, 1.28, 1.26, 1.26, 1.30, 1.38, 1.42, 1.36, 1.20, 0.86, 0.62),
    ],
    "charging": [
        *(1.46, 1.30, 1.08, 0.90, 0.76, 0.66, 0.60, 0.58, 0.70, 0.88, 1.00, 1.08),
        *(1.12, 1.06, 0.98, 0.92, 0.86, 0.84, 0.88, 1.00, 1.18, 1.36, 1.50, 1.56),
    ],
    "farm": [
        *(0.72, 0.70, 0.70, 0.72, 0.80, 0.96, 1.16, 1.28, 1.34, 1.32, 1.24, 1.10),
        *(1.04, 1.14, 1.22, 1.24, 1.18, 1.10, 1.00, 0.92, 0.86, 0.82, 0.78, 0.74),
    ],
}
# Work in the morning and, for the valley price, again late in the evening.
_TWO_PEAKS = [
    *(0.86, 0.62, 0.44, 0.38, 0.36, 0.46, 1.10, 1.82, 1.96, 1.92, 1.50, 0.82),
    *(0.54, 0.46, 0.44, 0.46, 0.52, 0.70, 1.08, 1.66, 1.96, 1.92, 1.72, 1.22),
]
_COOLING = [
    *(0.46, 0.43, 0.41, 0.40, 0.40, 0.44, 0.58, 0.82, 1.10, 1.28, 1.38, 1.42),
    *(1.40, 1.48, 1.54, 1.54, 1.48, 1.36, 1.20, 1.08, 0.96, 0.80, 0.66, 0.54),
]
_FLAT_REST = {"continuous": 0.2, "two_shift": 0.5, "day_shift": 0.8, "office": 0.6}


def _quarters(hours: list[float]) -> Floats:
    centres = np.arange(96) / 4 + 0.125
    shape = np.interp(centres, np.arange(24) + 0.5, hours, period=24)
    return shape / shape.mean()


NAMES = tuple(_HOURS)
WORKING = np.stack([_quarters(hours) for hours in _HOURS.values()])
TWO_PEAKS = _quarters(_TWO_PEAKS)
COOLING = _quarters(_COOLING)
# On a day of rest what follows the shifts is gone; pumps, lights and furnaces stay.
_LEFT = np.array([1 - _FLAT_REST.get(name, 0.0) for name in NAMES])[:, None]
REST = 1 + _LEFT * (WORKING - 1)
