"""One palette for every chart: few colours, told apart by everybody, with the arithmetic that proves it.

The colours are those the UK Government Analysis Function recommends for charts. Contrast is that of WCAG 2.2; how a
colour-blind reader sees a colour is simulated after Machado, Oliveira and Fernandes (2009) at full severity.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from survey_kit.types import FloatArray

Vision = Literal["protanopia", "deuteranopia", "tritanopia"]

PAPER: Final = "#FFFFFF"
INK: Final = "#1D1D1D"
QUIET: Final = "#595959"
GRID: Final = "#D9D9D9"
BAND: Final = "#BBCBDA"
BLUE: Final = "#12436D"
TURQUOISE: Final = "#28A197"
PINK: Final = "#801650"
ORANGE: Final = "#F46A25"
GREY: Final = "#3D3D3D"
WARNING: Final = "#B10E1E"
SERIES: Final[tuple[str, ...]] = (BLUE, ORANGE, PINK, TURQUOISE)
MARKERS: Final[tuple[str, ...]] = ("o", "s", "^", "D")

_MACHADO: Final[dict[Vision, list[list[float]]]] = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
_TO_XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours, 1 to 21.

    Examples
    --------
    >>> round(contrast("#000000", "#FFFFFF"), 1)
    21.0
    """
    light = sorted((_luminance(one), _luminance(other)))
    return (light[1] + 0.05) / (light[0] + 0.05)


def difference(one: str, other: str, vision: Vision | None = None) -> float:
    """Give the distance of two colours in CIELAB as a reader with this vision sees them; about 2 is just visible.

    Examples
    --------
    >>> difference("#FF0000", "#FF0000")
    0.0
    >>> difference("#00A000", "#C04000") > difference("#00A000", "#C04000", "deuteranopia")
    True
    """
    return float(np.linalg.norm(_lab(_seen(one, vision)) - _lab(_seen(other, vision))))


def _linear(colour: str) -> FloatArray:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _luminance(colour: str) -> float:
    return float(_TO_XYZ[1] @ _linear(colour))


def _seen(colour: str, vision: Vision | None) -> FloatArray:
    light = _linear(colour)
    return light if vision is None else np.clip(np.array(_MACHADO[vision]) @ light, 0, 1)


def _lab(light: FloatArray) -> FloatArray:
    ratio = (_TO_XYZ @ light) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
