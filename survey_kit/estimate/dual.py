"""Numbers that carry their derivatives: forward-mode automatic differentiation, over all groups at once.

A dual holds the values of one quantity in G groups and its partial derivatives with respect to the inputs it was made of.
Every operation applies the chain rule with the exact derivative, so that a function of estimates written in plain NumPy
gives its gradient as a by-product (Wengert 1964, Communications of the ACM 7, 463-464). Nothing is approximated by steps.

A comparison is one of values. Where a function has a kink (``abs``, ``minimum``, ``maximum``, or a choice by ``where`` after
a comparison) the distance from the kink is kept on the tape, so that whoever uses the gradient can tell how near it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from scipy import special

from survey_kit.errors import EstimationError, did_you_mean
from survey_kit.types import BoolArray, FloatArray

Partials: TypeAlias = dict[int, FloatArray]


@dataclass(slots=True)
class Tape:
    """What one evaluation met: distances from kinks, each with the name of the operation."""

    kinks: list[tuple[str, Dual]] = field(default_factory=list)


class Dual:
    """Values (G,) of one quantity and their derivatives.

    Parameters
    ----------
    value : (G,)
        The quantity in every group.
    partials
        Derivative (G,) with respect to each input, by the input's number; an input that is absent does not matter.
    tape
        Shared by all quantities of one evaluation.

    Notes
    -----
    It works with ``+ - * / **``, ``abs``, comparisons, the NumPy functions of :data:`FUNCTIONS`, ``np.minimum``,
    ``np.maximum``, ``np.where``, ``np.clip``, and, over a *list* of duals, ``sum``, ``np.sum``, ``np.mean``, ``np.dot`` and
    ``np.average``.

    Examples
    --------
    >>> x, y = seeds([np.array([1.0, 4.0]), np.array([2.0, 2.0])])
    >>> z = np.sqrt(x) * y + np.mean([x, y])
    >>> z.value.tolist()
    [3.5, 7.0]
    >>> {number: part.tolist() for number, part in z.partials.items()}
    {0: [1.5, 1.0], 1: [1.5, 2.5]}
    """

    __slots__ = ("partials", "tape", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: FloatArray, partials: Partials, tape: Tape) -> None:
        self.value, self.partials, self.tape = value, partials, tape

    # ------------------------------------------------------------------------------------------------- arithmetic
    def __neg__(self) -> Dual:
        return _chain(self, -self.value, -1.0)

    def __pos__(self) -> Dual:
        return self

    def __abs__(self) -> Dual:
        return _absolute(self)

    def __add__(self, other: Any) -> Any:
        return _binary("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _binary("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _binary("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _binary("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return _binary("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _binary("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _binary("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _binary("divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return _binary("power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _binary("power", other, self)

    # ------------------------------------------------------------------------------------------ comparison on values
    def __lt__(self, other: Any) -> BoolArray:
        return _compare(np.less, self, other)

    def __le__(self, other: Any) -> BoolArray:
        return _compare(np.less_equal, self, other)

    def __gt__(self, other: Any) -> BoolArray:
        return _compare(np.greater, self, other)

    def __ge__(self, other: Any) -> BoolArray:
        return _compare(np.greater_equal, self, other)

    def __eq__(self, other: object) -> BoolArray:  # type: ignore[override]
        return _compare(np.equal, self, other)

    def __ne__(self, other: object) -> BoolArray:  # type: ignore[override]
        return _compare(np.not_equal, self, other)

    def __float__(self) -> float:
        raise _refused("float()")

    def __bool__(self) -> bool:
        raise _refused("the truth of an estimate")

    def __getattr__(self, name: str) -> Callable[[], Dual]:
        """Give ``x.log()`` and the like, which is how NumPy asks the members of a list."""
        if name in FUNCTIONS:
            return lambda: _unary(name, self)
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"Dual({np.array2string(self.value, threshold=6)}, inputs {sorted(self.partials)})"

    # --------------------------------------------------------------------------------------------------------- NumPy
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Answer NumPy's and SciPy's elementwise functions."""
        name = _SAME.get(ufunc.__name__, ufunc.__name__)
        if method != "__call__" or options:
            raise _refused(f"np.{ufunc.__name__} with {method if method != '__call__' else ', '.join(options)}")
        if any(not _number(part) for part in inputs):
            return _listed(ufunc, *inputs)
        if name in FUNCTIONS:
            return _unary(name, inputs[0])
        if name in PAIRS:
            return _binary(name, *inputs)
        if name in _KINKED:
            return _KINKED[name](*inputs)
        if name in _COMPARED:
            return _compare(ufunc, *inputs)
        if name in _TOLD:
            return ufunc(inputs[0].value)
        raise _unknown(ufunc.__name__)

    def __array_function__(self, function: Any, types: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """Answer NumPy's other functions."""
        if function is np.where and len(args) == 3 and not options:
            return _where(*args)
        if function is np.clip:
            return _clip(*args, **options)
        if function.__name__ in {"sum", "mean", "dot", "average", "prod"}:
            raise EstimationError(
                f"np.{function.__name__} needs a list of estimates; one estimate holds every group.",
                fix=f"Write np.{function.__name__}([m['a'], m['b']]).",
            )
        raise _unknown(function.__name__)


# --------------------------------------------------------------------------------------------------- elementary functions
Elementary: TypeAlias = tuple[Callable[..., FloatArray], Callable[[FloatArray, FloatArray], FloatArray]]
Pair: TypeAlias = tuple[
    Callable[..., FloatArray],
    Callable[[FloatArray, FloatArray, FloatArray], Any],
    Callable[[FloatArray, FloatArray, FloatArray], Any],
]

#: Every function of one quantity: its value, and its derivative from argument and value.
FUNCTIONS: Final[dict[str, Elementary]] = {
    "square": (np.square, lambda x, _: 2 * x),
    "sqrt": (np.sqrt, lambda _, y: 0.5 / y),
    "cbrt": (np.cbrt, lambda _, y: 1 / (3 * y * y)),
    "reciprocal": (np.reciprocal, lambda _, y: -y * y),
    "exp": (np.exp, lambda _, y: y),
    "exp2": (np.exp2, lambda _, y: y * np.log(2)),
    "expm1": (np.expm1, lambda x, _: np.exp(x)),
    "log": (np.log, lambda x, _: 1 / x),
    "log2": (np.log2, lambda x, _: 1 / (x * np.log(2))),
    "log10": (np.log10, lambda x, _: 1 / (x * np.log(10))),
    "log1p": (np.log1p, lambda x, _: 1 / (1 + x)),
    "sin": (np.sin, lambda x, _: np.cos(x)),
    "cos": (np.cos, lambda x, _: -np.sin(x)),
    "tan": (np.tan, lambda _, y: 1 + y * y),
    "arcsin": (np.arcsin, lambda x, _: 1 / np.sqrt((1 - x) * (1 + x))),
    "arccos": (np.arccos, lambda x, _: -1 / np.sqrt((1 - x) * (1 + x))),
    "arctan": (np.arctan, lambda x, _: 1 / (1 + x * x)),
    "sinh": (np.sinh, lambda x, _: np.cosh(x)),
    "cosh": (np.cosh, lambda x, _: np.sinh(x)),
    "tanh": (np.tanh, lambda x, _: 1 / np.cosh(x) ** 2),
    "arcsinh": (np.arcsinh, lambda x, _: 1 / np.hypot(1, x)),
    "arccosh": (np.arccosh, lambda x, _: 1 / np.sqrt((x - 1) * (x + 1))),
    "arctanh": (np.arctanh, lambda x, _: 1 / ((1 - x) * (1 + x))),
    "logit": (special.logit, lambda x, _: 1 / (x * (1 - x))),
    "expit": (special.expit, lambda x, y: y * special.expit(-x)),
    "ndtr": (special.ndtr, lambda x, _: np.exp(-x * x / 2) / np.sqrt(2 * np.pi)),
    "ndtri": (special.ndtri, lambda _, y: np.sqrt(2 * np.pi) * np.exp(y * y / 2)),
}

#: Every operation on two quantities: its value, and the derivatives from both arguments and the value.
PAIRS: Final[dict[str, Pair]] = {
    "add": (np.add, lambda *_: 1.0, lambda *_: 1.0),
    "subtract": (np.subtract, lambda *_: 1.0, lambda *_: -1.0),
    "multiply": (np.multiply, lambda _, b, __: b, lambda a, _, __: a),
    "divide": (np.divide, lambda _, b, __: 1 / b, lambda _, b, y: -y / b),
    "power": (
        np.power,
        lambda a, b, _: np.where(b == 0, 0.0, b * np.power(a, b - 1)),
        lambda a, b, y: np.where((a == 0) & (b > 0), 0.0, y * np.log(a)),
    ),
    "hypot": (np.hypot, lambda a, _, y: a / y, lambda _, b, y: b / y),
    "arctan2": (np.arctan2, lambda a, b, _: b / (a * a + b * b), lambda a, b, _: -a / (a * a + b * b)),
    "logaddexp": (np.logaddexp, lambda a, _, y: np.exp(a - y), lambda _, b, y: np.exp(b - y)),
}

_COMPARED: Final = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})
_TOLD: Final = frozenset({"isnan", "isfinite", "isinf"})
_SAME: Final = {"float_power": "power", "fabs": "absolute", "conjugate": "positive"}


def seeds(values: Sequence[FloatArray], *, exact: bool = True) -> list[Dual]:
    """Make the inputs of one evaluation: quantity k has derivative 1 with respect to input k.

    Parameters
    ----------
    values
        The values (G,) of each input.
    exact
        False leaves the derivatives out, for an evaluation of values alone.
    """
    tape = Tape()
    return [Dual(value, {k: np.ones_like(value)} if exact else {}, tape) for k, value in enumerate(values)]


def _unary(name: str, x: Dual) -> Dual:
    value, derivative = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        y = value(x.value)
        return _chain(x, y, derivative(x.value, y)) if x.partials else Dual(y, {}, x.tape)


def _binary(name: str, a: Any, b: Any) -> Any:
    if not (_number(a) and _number(b)):
        return _listed(PAIRS[name][0], a, b)
    tape = _tape(a, b)
    value, by_a, by_b = PAIRS[name]
    x, z = _value(a), _value(b)
    with np.errstate(all="ignore"):
        y = value(x, z)
        partials: Partials = {}
        if isinstance(a, Dual) and a.partials:
            partials = _scaled(a, by_a(x, z, y))
        if isinstance(b, Dual) and b.partials:
            for k, part in _scaled(b, by_b(x, z, y)).items():
                partials[k] = partials[k] + part if k in partials else part
    return Dual(y, partials, tape)


def _compare(ufunc: Any, a: Any, b: Any) -> BoolArray:
    apart = _binary("subtract", a, b)
    if isinstance(apart, Dual):
        apart.tape.kinks.append(("a comparison", apart))
        return np.asarray(ufunc(_value(a), _value(b)), dtype=bool)
    raise _refused("a comparison with a list")


def _absolute(x: Dual) -> Dual:
    x.tape.kinks.append(("abs", x))
    return _chain(x, np.abs(x.value), np.sign(x.value))


def _extreme(name: str, a: Any, b: Any, first: BoolArray) -> Dual:
    apart = _binary("subtract", a, b)
    apart.tape.kinks.append((name, apart))
    return _select(first | np.isnan(_value(a)), a, b)


def _minimum(a: Any, b: Any) -> Dual:
    return _extreme("minimum", a, b, _value(a) <= _value(b))


def _maximum(a: Any, b: Any) -> Dual:
    return _extreme("maximum", a, b, _value(a) >= _value(b))


_KINKED: Final[dict[str, Callable[..., Dual]]] = {
    "absolute": _absolute,
    "minimum": _minimum,
    "maximum": _maximum,
    "negative": Dual.__neg__,
    "positive": Dual.__pos__,
}


def _where(condition: Any, a: Any, b: Any) -> Dual:
    if isinstance(condition, Dual):
        raise _refused("the truth of an estimate")
    return _select(np.asarray(condition, dtype=bool), a, b)


def _clip(x: Any, low: Any = None, high: Any = None) -> Any:
    x = x if low is None else _maximum(x, low)
    return x if high is None else _minimum(x, high)


def _select(first: BoolArray, a: Any, b: Any) -> Dual:
    """Take a where `first`, else b; what is not taken adds nothing, not even a missing value."""
    tape = _tape(a, b)
    partials: Partials = {}
    for part, taken in ((a, first), (b, ~first)):
        if isinstance(part, Dual):
            for k, partial in part.partials.items():
                kept = np.where(taken, partial, 0.0)
                partials[k] = partials[k] + kept if k in partials else kept
    return Dual(np.where(first, _value(a), _value(b)), partials, tape)


# ------------------------------------------------------------------------------------------------------------- small parts
def _chain(x: Dual, value: FloatArray, slope: Any) -> Dual:
    return Dual(value, _scaled(x, slope), x.tape)


def _scaled(x: Dual, slope: Any) -> Partials:
    return {k: part * slope for k, part in x.partials.items()}


def _number(x: Any) -> bool:
    return isinstance(x, Dual) or (np.ndim(x) == 0 and not isinstance(x, str))


def _value(x: Any) -> FloatArray:
    return x.value if isinstance(x, Dual) else np.asarray(x, dtype=np.float64)


def _tape(*parts: Any) -> Tape:
    tapes = [part.tape for part in parts if isinstance(part, Dual)]
    if any(tape is not tapes[0] for tape in tapes):
        raise EstimationError("Two evaluations are mixed.", fix="Use only the estimates the function is given.")
    return tapes[0]


def _listed(ufunc: Any, *parts: Any) -> Any:
    """Let NumPy go through the members of a list or an array of objects."""
    if all(isinstance(part, Dual) or np.ndim(part) == 0 or np.asarray(part).dtype == object for part in parts):
        return ufunc(*(_boxed(part) if isinstance(part, Dual) else part for part in parts))
    raise EstimationError(
        "An estimate in a function of map() meets an array of numbers.",
        fix="Combine it with single numbers; for weighted sums write np.dot(weights, [m['a'], m['b']]).",
    )


def _boxed(x: Dual) -> Any:
    out = np.empty((), dtype=object)
    out[()] = x
    return out


def _refused(what: str) -> EstimationError:
    return EstimationError(
        f"A function of map() cannot use {what}: it is evaluated for all groups at once.",
        fix="Use NumPy's functions; np.where(condition, a, b) instead of 'if'.",
    )


def _unknown(name: str) -> EstimationError:
    known = [*FUNCTIONS, *PAIRS, *_KINKED, "where", "clip"]
    return EstimationError(f"map() has no derivative of '{name}'.", fix=did_you_mean(name, known))
