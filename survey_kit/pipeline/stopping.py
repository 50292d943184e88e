"""A run that is asked to stop does stop, even where a library swallowed the request."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

ASKED = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stoppable() -> Iterator[Callable[[], None]]:
    """Give a check that stops the run when somebody asked for it before.

    Ctrl-C raises wherever the program just is: in a page's cell, a drawing callback, a wait for another program. Some of
    these turn it into an error of their own or lose it. So it is remembered here, and raised again at the next check and
    in the place of any other error.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in ASKED}
    asked: list[int] = []

    def remembered(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        before[number](number, frame)

    def check() -> None:
        if asked:
            before[asked[0]](asked[0], None)
            raise KeyboardInterrupt

    caught = [number for number in ASKED if callable(before[number])]
    for number in caught:
        signal.signal(number, remembered)
    try:
        yield check
    except Exception:
        check()
        raise
    finally:
        for number in caught:
            signal.signal(number, before[number])
