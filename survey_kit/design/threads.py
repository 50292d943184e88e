"""One thread for the algebra on small tables: waking others costs more than they save, above all on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold the linear algebra inside to one thread.

    Examples
    --------
    >>> with one_thread():
    ...     1 + 1
    2
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    """Find the linear algebra libraries once; NumPy's is loaded by now."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
