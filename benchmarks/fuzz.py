"""Thousands of damaged questionnaires: each has to be read or refused with a message, in bounded time and memory.

    .venv/bin/python benchmarks/fuzz.py                       # all 5,000, prints the page
    .venv/bin/python benchmarks/fuzz.py --write               # writes benchmarks/fuzz.md
    .venv/bin/python benchmarks/fuzz.py --only 4711           # one case again, with its traceback

Every case is made from its number alone: a real instrument (``instrument.yaml`` or a translation) or the XLSForm of one, changed at the
level of bytes, lines, keys, values, expressions, cells, rows, sheets or the zip archive (``fuzz_yaml.py``, ``fuzz_forms.py``). It runs in a process of its
own under limits. What is accepted is then used: written, compared, walked, exported, read back, and for some proved. A part of the
cases goes through the command line.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fuzz_forms import FORM_LEVELS, mutated_form, shared
from fuzz_yaml import YAML_LEVELS, mutated_text

from survey_kit.cli.main import main as main_command
from survey_kit.cli.outcome import DONE, FINDINGS, MENDABLE
from survey_kit.errors import SurveyKitError
from survey_kit.instrument import check_folder, compare, inspect, to_yaml, verdicts, walk_texts
from survey_kit.instrument.export import to_xlsform, write_xlsform
from survey_kit.instrument.imports import import_xlsform, read_xlsform
from survey_kit.instrument.prove import prove
from survey_kit.instrument.questionnaire import Instrument
from survey_kit.instrument.simulate import simulate

HERE = Path(__file__).resolve().parent
ROOT, PAGE = HERE.parent, HERE / "fuzz.md"
CASES = 5_000
SECONDS, MEGABYTES = 5, 500
SMALL = (
    "core",
    "gss_confidence",
    "lapop_brazil",
    "monitoring_group",
    "public_feedback",
    "rehearsal",
    "trust_in_institutions",
    "anticorruption_culture",
    "public_control",
)
LARGE = (
    "business_integrity",
    "corruption_experience",
    "kazakhstan_annual",
    "legal_culture",
    "public_servants",
    "public_service_quality",
)
SOUND = ("accepted", "told", "refused")  # every other outcome is a fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a case: read without errors, read with errors told, refused, or a fault; CPU seconds and megabytes."""

    case: int
    kind: str
    level: str
    base: str
    outcome: str
    seconds: float = 0.0
    megabytes: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a case changes, and where."""

    case: int
    kind: str
    level: str
    base: str

    @classmethod
    def of(cls, case: int) -> Plan:
        rng = random.Random(case)
        kind = "form" if case % 2 else "command" if case % 6 == 4 else "yaml"
        level = rng.choice(FORM_LEVELS if kind == "form" else YAML_LEVELS)
        base = rng.choice(LARGE) if rng.random() < 0.12 else rng.choice(SMALL)
        return cls(case=case, kind=kind, level=level, base=base)


# ------------------------------------------------------------------------------------------------------------- the cases
def form_of(base: str, folder: Path) -> bytes:
    """Give the form that is to be damaged."""
    path = folder / f"{base}_pilot.xlsx"
    if not path.exists():
        write_xlsform(inspect(ROOT / "instruments" / base, None, None), path)
    return path.read_bytes()


def warm() -> None:
    """Import what the cases need before they part: otherwise each child does it again."""
    import openpyxl  # noqa: F401
    import pandas as pd  # noqa: F401

    form = inspect(ROOT / "instruments" / "gss_confidence")
    use(form, Plan(case=0, kind="yaml", level="none", base="gss_confidence"))
    with tempfile.TemporaryDirectory() as name:
        read_xlsform(write_xlsform(form, Path(name) / "form.xlsx"))


def make(plan: Plan, forms: Path, folder: Path) -> Path:
    """Write the damaged file of a case; give the folder of the instrument, or the form."""
    rng = random.Random(plan.case * 7919 + 1)
    source = ROOT / "instruments" / plan.base
    if plan.kind == "form":
        path = folder / f"{plan.base}.xlsx"
        content = form_of(plan.base, forms)
        path.write_bytes(mutated_form(shared(content) if plan.case % 4 == 1 else content, plan.level, rng))
        return path
    for name in used(source):
        (folder / name).mkdir()
        shutil.copy(ROOT / "instruments" / name / "instrument.yaml", folder / name / "instrument.yaml")
    here = folder / plan.base
    here.mkdir(exist_ok=True)
    texts = {"instrument.yaml": (source / "instrument.yaml").read_bytes()}
    translations = sorted((source / "translations").glob("*.yaml"))
    damaged = "instrument.yaml"
    if translations and rng.random() < 0.35:
        one = rng.choice(translations)
        texts[f"translations/{one.name}"] = one.read_bytes()
        damaged = rng.choice(list(texts))
    for name, content in texts.items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_bytes(mutated_text(content, plan.level, rng) if name == damaged else content)
    return here


def used(source: Path) -> list[str]:
    """Name the instruments that one takes modules from."""
    text = (source / "instrument.yaml").read_text(encoding="utf-8")
    found = [
        name.parent.name for name in ROOT.glob("instruments/*/instrument.yaml") if f"use: {name.parent.name}" in text
    ]
    return [name for name in found if name != source.name]


def judge(plan: Plan, path: Path) -> str:
    """Read a damaged file and use what is accepted; give the outcome. Any error but the toolkit's own is a fault."""
    if plan.kind == "command":
        return command(plan, path)
    try:
        if plan.kind == "form":
            made = read_xlsform(path)
            problems, form = made.problems, made.instrument
            written = import_xlsform(path, path.parent / "made")
            check_folder(path.parent / "made" / written.instrument.id)
        else:
            problems = check_folder(path)
            if any(problem.code == "I000" for problem in problems):
                return "refused"
            form = inspect(path, None, None)
    except SurveyKitError as error:
        if len(str(error).splitlines()) > 5 or not error.what:
            raise AssertionError(f"A message of {len(str(error).splitlines())} lines.") from error
        return "refused"
    if not all(problem.message and problem.where and problem.code for problem in problems):
        raise AssertionError("A problem without words, place or code.")
    if any(problem.severity == "error" for problem in problems):
        _look(form)
        return "told"
    use(form, plan)
    return "accepted"


def _look(form: Instrument) -> None:
    """Do with a faulty instrument what is done before it is mended."""
    try:
        to_yaml(form)
        form._repr_html_()
    except SurveyKitError:
        return


def use(form: Instrument, plan: Plan) -> None:
    """Do with an accepted instrument what it is there for; what cannot be done may be refused."""
    before = inspect(ROOT / "instruments" / plan.base, None, None) if plan.case % 5 == 0 else form
    steps: list[Callable[[], object]] = [
        lambda: to_yaml(form),
        form._repr_html_,
        lambda: sum(1 for _ in walk_texts(form)),
        lambda: verdicts(before, form, compare(before, form)),
        lambda: simulate(form, 20, seed=1),
        lambda: read_xlsform({name: _rows(table) for name, table in to_xlsform(form).sheets.items()}),
    ]
    if len(form.items) < 90 and plan.case % 3 == 0:
        steps.append(lambda: prove(form))
    for step in steps:
        try:
            step()
        except SurveyKitError:
            continue


def command(plan: Plan, path: Path) -> str:
    """Give a damaged instrument to the command line, which has to end with a code of its own and without a traceback."""
    rng = random.Random(plan.case + 3)
    here, sound, to = str(path), str(ROOT / "instruments" / plan.base), str(path.parent / "out")
    words = rng.choice(
        (
            ["check", here],
            ["check", f"{here}/instrument.yaml"],
            ["prove", here] if plan.base in SMALL[:5] else ["check", here],
            ["diff", sound, here],
            ["diff", here, f"{here}@1.0"],
            ["simulate", here, "-n", "20"],
            ["export", here, "--format", "xlsform", "--to", to],
            ["export", here, "--format", "codebook", "--format", "json-schema", "--to", to],
            ["export", here, "--format", "ddi", "--format", "preview", "--to", to],
            ["translate", here, "kk"],
        )
    )
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main_command(["instrument", *words, "--json", "--debug"])
    if code not in {DONE, FINDINGS, MENDABLE}:
        lines = err.getvalue().strip().splitlines()
        raise CommandFault(f"{words[0]} ended with {code}: {lines[-1] if lines else out.getvalue()[-200:]}")
    return {DONE: "accepted", FINDINGS: "told"}.get(code, "refused")


class CommandFault(Exception):  # noqa: N818
    """The command line failed on its own account."""


def _rows(table: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


# ------------------------------------------------------------------------------------------------------------ the limits
def run_case(case: int, forms: Path, keep: Path | None = None) -> Result:
    """Run a case in a child process under limits of time and memory."""
    plan = Plan.of(case)
    with tempfile.TemporaryDirectory(prefix="fuzz_") as name:
        folder = Path(name)
        try:
            path = make(plan, forms, folder)
        except Exception as fault:  # noqa: BLE001  (a fault of the fuzzer itself)
            return Result(**asdict(plan), outcome="not made", detail=repr(fault)[:200])
        result = _limited(plan, path)
        if keep is not None and result.outcome not in SOUND:
            shutil.copytree(folder, keep / str(case), dirs_exist_ok=True)
    return result


def _limited(plan: Plan, path: Path) -> Result:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(plan, path, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode("utf-8", "replace")
    _, status, usage = os.wait4(child, 0)
    told = json.loads(said) if said.startswith("{") else {}
    seconds, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024 - told.get("inherited", 0.0)
    outcome = told.get("outcome", "killed")
    if os.WIFSIGNALED(status):
        slow = os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL}
        outcome = "slow" if slow else f"signal {os.WTERMSIG(status)}"
    elif outcome in SOUND and seconds > SECONDS:
        outcome = "slow"
    elif outcome in SOUND and megabytes > MEGABYTES:
        outcome = "large"
    return Result(**asdict(plan), outcome=outcome, seconds=seconds, megabytes=megabytes, detail=told.get("detail", ""))


def _held() -> tuple[int, int]:
    """Give the bytes of address space and of memory that this process holds."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0, 0
    size = resource.getpagesize()
    return int(pages[0]) * size, int(pages[1]) * size


def _child(plan: Plan, path: Path, writing: int) -> None:
    space, resident = _held()  # inherited: no doing of the case
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 3, SECONDS + 4))
    resource.setrlimit(resource.RLIMIT_AS, (space + 2_000_000_000, space + 2_000_000_000))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()
    signal.alarm(20 * SECONDS)  # waiting costs no CPU time
    told: dict[str, object] = {}
    try:
        told["outcome"] = judge(plan, path)
    except BaseException as fault:  # noqa: BLE001  (this is what is looked for)
        frames = traceback.extract_tb(fault.__traceback__)
        own = [f"{Path(one.filename).name}:{one.lineno}" for one in frames if "survey_kit" in one.filename]
        told = {
            "outcome": "crashed",
            "detail": f"{type(fault).__name__}: {str(fault)[:160]} at {' < '.join(own[:-4:-1])}",
        }
    told["inherited"] = resident / 2**20
    with os.fdopen(writing, "wb") as stream:
        stream.write(json.dumps(told).encode())
    os._exit(0)


def run(cases: Iterable[int], *, keep: Path | None = None, say: Callable[[str], None] | None = None) -> list[Result]:
    """Run cases one after another."""
    out = []
    warm()
    with tempfile.TemporaryDirectory(prefix="fuzz_forms_") as name:
        for case in cases:
            out.append(run_case(case, Path(name), keep))
            if say is not None and out[-1].outcome not in SOUND:
                say(f"{case} {out[-1].kind} {out[-1].level} {out[-1].base}: {out[-1].outcome} {out[-1].detail}")
            if say is not None and len(out) % 250 == 0:
                say(f"{len(out)} cases")
    return out


def in_parallel(cases: Sequence[int], jobs: int, keep: Path | None) -> list[Result]:
    """Run cases in several processes."""
    from concurrent.futures import ProcessPoolExecutor

    parts = [cases[start::jobs] for start in range(jobs)]
    with ProcessPoolExecutor(jobs) as pool:
        found = [one for part in pool.map(_part, [(part, keep) for part in parts]) for one in part]
    return sorted(found, key=lambda one: one.case)


def _part(work: tuple[Sequence[int], Path | None]) -> list[Result]:
    return run(work[0], keep=work[1], say=lambda line: print(line, file=sys.stderr, flush=True))


# -------------------------------------------------------------------------------------------------------------- the page
def page(results: Sequence[Result]) -> str:
    """Tell what became of the cases."""
    faults = [one for one in results if one.outcome not in SOUND]
    outcomes = [*SOUND, *sorted({one.outcome for one in faults})]
    lines = [
        "# Damaged questionnaires",
        "",
        f"{len(results):,} damaged files: {len(faults)} faults. A file may be accepted, read with its errors told, or refused with a message;",
        f"a fault is any other exception, more than {SECONDS} seconds of CPU time or {MEGABYTES} MB. `.venv/bin/python benchmarks/fuzz.py --write`",
        "runs them anew; each is made from its number alone.",
        "",
        "| file | level | " + " | ".join(outcomes) + " |",
        "|---|---|" + "--:|" * len(outcomes),
    ]
    groups = sorted({(one.kind, one.level) for one in results})
    for kind, level in groups:
        counts = Counter(one.outcome for one in results if (one.kind, one.level) == (kind, level))
        lines.append(f"| {kind} | {level} | " + " | ".join(f"{counts[one]:,}" for one in outcomes) + " |")
    total = Counter(one.outcome for one in results)
    lines.append("| all | | " + " | ".join(f"{total[one]:,}" for one in outcomes) + " |")
    slowest = max(results, key=lambda one: one.seconds)
    largest = max(results, key=lambda one: one.megabytes)
    times = sorted(one.seconds for one in results)
    lines += [
        "",
        f"Slowest: case {slowest.case} ({slowest.kind}, {slowest.level}, {slowest.base}), {slowest.seconds:.1f} s; median {times[len(times) // 2]:.2f} s.",
        f"Largest: case {largest.case} ({largest.kind}, {largest.level}, {largest.base}), {largest.megabytes:.0f} MB.",
    ]
    lines += [
        f"- case {one.case} ({one.kind}, {one.level}, {one.base}): {one.outcome} {one.detail}" for one in faults[:50]
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--keep", type=Path, help="folder for the files that show a fault")
    parser.add_argument("--only", type=int, help="run one case in this process")
    parser.add_argument("--write", action="store_true", help="write benchmarks/fuzz.md")
    arguments = parser.parse_args()
    if arguments.only is not None:
        plan = Plan.of(arguments.only)
        with tempfile.TemporaryDirectory() as forms, tempfile.TemporaryDirectory() as folder:
            begun = time.process_time()
            print(plan, judge(plan, make(plan, Path(forms), Path(folder))), f"{time.process_time() - begun:.2f} s")
        return
    results = in_parallel(range(arguments.first, arguments.first + arguments.cases), arguments.jobs, arguments.keep)
    text = page(results)
    print(text)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    sys.exit(any(one.outcome not in SOUND for one in results))


if __name__ == "__main__":
    main()
