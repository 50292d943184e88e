"""The bivariate normal distribution function, to the accuracy of Owen's T."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, owens_t

from survey_kit.types import FloatArray

NEXT_TO_ZERO = 1e-300


def bivariate_normal(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    r"""Probability that two standard normals with correlation rho are at most h and k.

    .. math:: \Phi_2(h, k; \rho) = \tfrac12 [\Phi(h) + \Phi(k)] - T(h, a_h) - T(k, a_k) - \beta, \qquad
              a_h = \frac{k - \rho h}{h \sqrt{1 - \rho^2}}

    with :math:`\beta = 1/2` where h and k differ in sign and 0 elsewhere (Owen 1956, Annals of Mathematical Statistics 27,
    1075-1090, eq. 2.1).

    Parameters
    ----------
    h, k, rho
        Arrays that broadcast; h and k may be infinite, rho lies strictly between -1 and 1.

    Examples
    --------
    >>> bivariate_normal(np.zeros(1), np.zeros(1), np.array([0.5])).round(12).tolist()  # 1/4 + asin(1/2) / 2 pi
    [0.333333333333]
    """
    h, k, rho = np.broadcast_arrays(h, k, rho)
    infinite = np.isinf(h) | np.isinf(k)
    x = np.where(infinite, 1.0, np.where(h == 0, NEXT_TO_ZERO, h))
    y = np.where(infinite, 1.0, np.where(k == 0, NEXT_TO_ZERO, k))
    root = np.sqrt((1 - rho) * (1 + rho))
    with np.errstate(over="ignore"):
        across = owens_t(x, (y / x - rho) / root) + owens_t(y, (x / y - rho) / root)
    inside = (ndtr(x) + ndtr(y)) / 2 - across - np.where((x < 0) == (y < 0), 0.0, 0.5)
    return np.where(infinite, ndtr(np.minimum(h, k)) * ((h > -np.inf) & (k > -np.inf)), inside)


def bivariate_density(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Density of two standard normals with correlation rho; 0 at infinity.

    Examples
    --------
    >>> float(bivariate_density(np.zeros(1), np.zeros(1), np.zeros(1))[0] * 2 * np.pi)
    1.0
    """
    h, k, rho = np.broadcast_arrays(h, k, rho)
    finite = np.isfinite(h) & np.isfinite(k)
    x, y = np.where(finite, h, 0.0), np.where(finite, k, 0.0)
    v = (1 - rho) * (1 + rho)
    return np.where(finite, np.exp(-(x * x - 2 * rho * x * y + y * y) / (2 * v)) / (2 * np.pi * np.sqrt(v)), 0.0)
