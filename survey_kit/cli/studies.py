"""Find the study a word on the command line means."""

from __future__ import annotations

from pathlib import Path

from survey_kit.errors import FileError, did_you_mean


def study_file(word: str) -> Path:
    """Give the path of ``study.yaml`` for a folder, that file itself, or a name under ``analyses/``."""
    named = Path(word)
    for candidate in (named, named / "study.yaml", Path("analyses") / word / "study.yaml"):
        if candidate.is_file():
            return candidate
    near = [path.parent.name for path in Path("analyses").glob("*/study.yaml")]
    fix = "Name a folder that holds study.yaml"
    raise FileError(
        "There is no study here.", where=word, fix=f"{fix}: {did_you_mean(named.name, near)}" if near else f"{fix}."
    )


def only_study(word: str) -> Path:
    """Give the study of a folder; of the current folder's ``analyses/`` when it holds a single one."""
    inside = sorted(Path(word, "analyses").glob("*/study.yaml"))
    if not Path(word, "study.yaml").is_file() and len(inside) == 1:
        return inside[0]
    return study_file(word)
