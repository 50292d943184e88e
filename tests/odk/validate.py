"""ODK Validate over many forms in one Java process: the jar that comes with pyxform."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

JAR = Path("validators", "odk_validate", "bin", "ODK_Validate.jar")
SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What ODK Validate says of a form; `messages` are its lines without stack traces."""

    valid: bool
    messages: tuple[str, ...]


def jar() -> Path | None:
    """Find the jar."""
    spec = find_spec("pyxform")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / JAR
    return path if path.is_file() else None


def missing() -> str | None:
    """Say what ODK Validate lacks on this machine, or None."""
    if jar() is None:
        return "pyxform, which brings ODK Validate, is not installed"
    return "java not found" if shutil.which("java") is None else None


def validate(forms: Mapping[str, str]) -> dict[str, Verdict]:
    """Validate XForms; name -> XML in, name -> verdict out."""
    if (reason := missing()) is not None:
        raise RuntimeError(reason)
    with tempfile.TemporaryDirectory() as folder:
        names = {}
        for number, (name, xml) in enumerate(forms.items()):
            path = Path(folder, f"{number}.xml")
            path.write_text(xml, encoding="utf-8")
            names[str(path)] = name
        command = ["java", "-Djava.awt.headless=true", "-jar", str(jar()), *names]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=SECONDS, check=False
        )
    said, _, failed = done.stdout.partition("The following files failed validation:")
    out = {}
    for part in said.split("Validating: ")[1:]:
        path_, _, text = part.partition("\n")
        lines = [line.strip() for line in text.splitlines()]
        kept = [line for line in lines if line and not line.startswith(("at ", ">> ", "... ", "Result:"))]
        out[names[path_.strip()]] = Verdict(valid=path_.strip() not in failed.split(), messages=tuple(kept))
    if done.returncode not in {0, 1} or set(out) != set(forms):
        raise RuntimeError(f"ODK Validate ended with {done.returncode}: {done.stdout[-1000:]}")
    return out
