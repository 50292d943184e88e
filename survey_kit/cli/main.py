"""Run one command: from the words on the line to an exit code, without a traceback for what the user can mend."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from survey_kit.cli.outcome import FAULT, INTERRUPTED, MENDABLE, TERMINATED, Outcome
from survey_kit.errors import FileError, SurveyKitError

if TYPE_CHECKING:
    from argparse import Namespace


class _Terminated(KeyboardInterrupt):
    """The system asked the run to end."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``survey-kit`` with these words (by default those of the command line) and return the exit code.

    Examples
    --------
    >>> main(["reprot", "--json"])
    {"command": "reprot", "exit_code": 2, "error": "SurveyKitError", "what": "There is no command 'reprot'.", "where": null, "found": null, "fix": "did you mean 'report'? (survey-kit --help)"}
    2
    """
    words = list(sys.argv[1:] if argv is None else argv)
    with _terminable():
        try:
            return _run(words)
        except BrokenPipeError:  # the reader of our output went away, as in `survey-kit indicators ... | head`
            _silence()
            return 128 + 13
        except _Terminated:
            return _stopped(words, TERMINATED)
        except KeyboardInterrupt:
            return _stopped(words, INTERRUPTED)


def _run(words: Sequence[str]) -> int:
    from survey_kit.cli.arguments import parse

    as_json, debug = "--json" in words, "--debug" in words
    command = " ".join(word for word in words[:1] if not word.startswith("-"))
    try:
        arguments = parse(words)
        command = arguments.command
        outcome = _called(arguments)
    except SystemExit as end:  # --help and --version have printed
        return int(end.code or 0)
    except SurveyKitError as error:
        return _told(error, command, as_json=as_json)
    except (OSError, ImportError) as fault:
        error_of = _mendable(fault)
        if error_of is not None and not debug:
            return _told(error_of, command, as_json=as_json)
        return _fault(fault, command, as_json=as_json, debug=debug)
    except Exception as fault:  # noqa: BLE001  (the last line of defence: every other fault is ours)
        return _fault(fault, command, as_json=as_json, debug=debug)
    if as_json:
        _print_json({"command": command, "exit_code": outcome.code, **outcome.record})
    elif outcome.text:
        print(outcome.text)
    if not as_json:
        for line in outcome.warnings:
            print(line, file=sys.stderr)
    sys.stdout.flush()
    return outcome.code


def _called(arguments: Namespace) -> Outcome:
    """Import the module of the command and call it."""
    from importlib import import_module

    module, _, name = arguments.run.partition(":")
    outcome: Outcome = getattr(import_module(module), name)(arguments)
    return outcome


# --------------------------------------------------------------------------------------------------- how it can end
def _told(error: SurveyKitError, command: str, *, as_json: bool) -> int:
    if as_json:
        _print_json({"command": command, "exit_code": MENDABLE, **error.to_dict()})
    else:
        print(error, file=sys.stderr)
    return MENDABLE


def _stopped(words: Sequence[str], code: int) -> int:
    text = "Interrupted. Nothing half-written was left; the same command completes the run."
    if "--json" in words:
        _print_json({"command": next(iter(words), ""), "exit_code": code, "error": "Interrupted", "what": text})
    else:
        print(f"\n{text}", file=sys.stderr)
    return code


def _mendable(fault: OSError | ImportError) -> SurveyKitError | None:
    """Tell the faults of the machine that its user can mend: no right, no room, no such package."""
    if isinstance(fault, OSError) and fault.strerror:
        fix = (
            "Free space and run the same command again."
            if fault.errno == 28
            else "Give the right to read and write there."
        )
        where = str(fault.filename) if fault.filename else None
        return FileError(f"The system refused a file: {fault.strerror}.", where=where, fix=fix)
    if isinstance(fault, ModuleNotFoundError) and fault.name and not fault.name.startswith("survey_kit"):
        fix = "Install it: pip install 'trust-survey-kit[files,report]'."
        return SurveyKitError("A package that this command needs is not installed.", found=fault.name, fix=fix)
    return None


def _fault(fault: BaseException, command: str, *, as_json: bool, debug: bool) -> int:
    """Say that the fault is ours, and where its traceback is."""
    text = "".join(traceback.format_exception(fault))
    where = None
    if not debug:
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(prefix="survey-kit-fault-", suffix=".txt", text=True)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            where = name
    said = " ".join(f"{type(fault).__name__}: {fault}".split())[:200]
    what = "survey-kit failed on its own account; your files are as they were."
    if as_json:
        record = {"error": "InternalFault", "what": what, "where": where, "found": said}
        _print_json({"command": command, "exit_code": FAULT, **record})
    else:
        lines = [what, f"  found: {said}"]
        lines.append(f"  traceback: {where}" if where else "  traceback: run it again with --debug")
        print(text if debug else "\n".join(lines), file=sys.stderr)
    return FAULT


def _print_json(record: dict[str, Any]) -> None:
    import json

    try:
        text = json.dumps(record, ensure_ascii=False, default=_plain, allow_nan=False)
    except ValueError:  # JSON has no infinity
        text = json.dumps(_finite(record), ensure_ascii=False, default=_plain, allow_nan=False)
    print(text, flush=True)


def _finite(value: Any) -> Any:
    """Give numbers beyond all numbers as texts."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    value = value.item() if hasattr(value, "item") and not isinstance(value, Path) else value
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    return str(value)


def _silence() -> None:
    """Point standard output at nothing, so that the interpreter's last flush finds no broken pipe."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does: temporary files are removed on the way out."""

    def ended(_number: int, _frame: FrameType | None) -> None:
        raise _Terminated

    try:
        before = signal.signal(signal.SIGTERM, ended)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
