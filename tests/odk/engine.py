"""Interviews in ODK's own JavaScript engine, driven from Python: what a phone does with a form.

`OdkEngine` runs `drive.mjs` in Node and speaks with it in lines of JSON. One process holds many forms and interviews.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

HERE = Path(__file__).parent
NEEDED = ((20, 19, 0), (22, 13, 0), (24, 11, 0))  # the first release of each line of Node that engine and jsdom run on
SECONDS = 300.0


class EngineError(RuntimeError):
    """The engine rejects a form or a command, or does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One open question, as the engine shows it."""

    question: str
    path: str
    type: str
    label: str | None
    hint: str | None
    required: bool
    value: Any
    choices: list[tuple[str, str]] | None
    violated: str | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What stands in an interview: the open leaves in order, their values, and which groups are open."""

    open: list[str]
    values: dict[str, Any]
    groups: dict[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Answers to give, before it is known which questions will open.

    Attributes
    ----------
    answers
        Of each question the answers to try in turn until one stands; of a member of a repeat as `name[2]` or, for all, `name`.
    revised
        Rounds of changed answers, each followed by whatever opens.
    fresh
        Whether the interview needs a new instance of the form; otherwise the last one is emptied.
    """

    answers: Mapping[str, Sequence[Any]]
    revised: Sequence[Mapping[str, Any]] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A question that was asked: the verdict on each answer tried (None: it stands) and, where they vary, the choices."""

    question: str
    verdicts: list[str | None]
    offered: list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A pass through the form: the verdicts on what was revised before it, the questions asked, and what stands after it."""

    revised: dict[str, str | None]
    steps: list[Step]
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form the engine has taken."""

    name: str
    languages: list[str]
    questions: list[dict[str, Any]]
    varying: list[str]
    drawn: list[str]


@dataclass(slots=True)
class OdkEngine:
    """The engine, for as long as a `with` block lasts."""

    seconds: float = SECONDS
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _stderr: IO[bytes] | None = field(default=None, init=False)
    _rest: bytes = field(default=b"", init=False)

    def __enter__(self) -> Self:
        if (reason := missing()) is not None:
            raise EngineError(reason)
        self._stderr = tempfile.TemporaryFile()
        command = ["node", "--max-semi-space-size=64", str(HERE / "drive.mjs")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, cwd=HERE, bufsize=0
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._stderr is not None:
            self._stderr.close()

    def load(self, name: str, xml: str) -> Form:
        """Take a form; raise with the engine's words if it rejects it."""
        return Form(name=name, **self._ask(do="load", form=name, xml=xml))

    def drop(self, name: str) -> None:
        """Forget a form."""
        self._ask(do="drop", form=name)

    def start(self, name: str, *, seed: int | None = None, fresh: bool = True) -> None:
        """Begin an interview; the following calls belong to it."""
        self._ask(do="start", form=name, fresh=fresh, **({} if seed is None else {"seed": seed}))

    def state(self) -> list[Question]:
        """Give the open questions in order."""
        rows = self._ask(do="state")["open"]
        return [
            Question(**{**row, "choices": row["choices"] and [tuple(one) for one in row["choices"]]}) for row in rows
        ]

    def answer(self, question: str, value: Any) -> str | None:
        """Answer a question; None takes the answer back. Gives why the engine refuses it, or None."""
        refused = self._ask(do="answer", question=question, value=value)["refused"]
        return None if refused is None else str(refused)

    def language(self, language: str) -> None:
        """Turn to another language."""
        self._ask(do="language", language=language)

    def words(self) -> dict[str, tuple[str, list[str]]]:
        """Give the label and the choices' labels of every question, open or not, in the language of the moment."""
        return {key: (label, choices) for key, label, choices in self._ask(do="words")["words"]}

    def end(self) -> Result:
        """Give what stands."""
        return Result(**self._ask(do="end"))

    def run(self, name: str, plans: Iterable[Plan], *, seed: int) -> list[list[Round]]:
        """Run many interviews; the same seed gives the same draws. Gives the rounds of each: the first, and one per revision."""
        wanted = [{"answers": one.answers, "revised": one.revised, "fresh": one.fresh} for one in plans]
        out = self._ask(do="run", form=name, seed=seed, interviews=wanted)["interviews"]
        return [[_round(**one) for one in each] for each in out]

    # -------------------------------------------------------------------------------------------------------- inside
    def _ask(self, **command: Any) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None:
            raise EngineError("Use the engine in a `with` block.")
        try:
            line = memoryview((json.dumps(command) + "\n").encode())
            while line:
                line = line[process.stdin.write(line) :]
        except BrokenPipeError:
            raise EngineError(self._said("Node stopped.")) from None
        reply: dict[str, Any] = json.loads(self._line())
        if "error" in reply:
            raise EngineError(reply["error"])
        return reply

    def _line(self) -> bytes:
        process = self._process
        if process is None or process.stdout is None:
            raise EngineError("Use the engine in a `with` block.")
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            if not select.select([process.stdout], [], [], self.seconds)[0]:
                process.kill()
                raise EngineError(self._said(f"No answer in {self.seconds:g} seconds."))
            part = os.read(process.stdout.fileno(), 1 << 20)
            if not part:
                raise EngineError(self._said("Node stopped."))
            parts.append(part)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def _said(self, what: str) -> str:
        if self._stderr is None:
            return what
        self._stderr.seek(0)
        return f"{what} {self._stderr.read().decode(errors='replace').strip()[-1000:]}".strip()


def _round(revised: dict[str, str | None], steps: list[list[Any]], **result: Any) -> Round:
    made = [Step(question=one[0], verdicts=one[1], offered=one[2] if len(one) > 2 else None) for one in steps]
    return Round(revised=revised, steps=made, result=Result(**result))


def missing() -> str | None:
    """Say what the engine lacks on this machine, or None."""
    if shutil.which("node") is None:
        return "node not found"
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    found = tuple(int(part) for part in said.lstrip("v").split("-")[0].split(".") if part.isdigit())
    if not any(found[:1] == line[:1] and found >= line for line in NEEDED) and found < NEEDED[-1]:
        return f"node {said} is too old for ODK's engine: 20.19, 22.13, 24.11 or later is needed"
    if not (HERE / "node_modules" / "@getodk" / "xforms-engine" / "package.json").is_file():
        return "ODK's engine is not installed: npm ci --prefix tests/odk"
    return None
