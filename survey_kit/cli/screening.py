"""The screens of ``survey-kit field``: interviews that deserve a second look, under pseudonyms, for the field team only."""

from __future__ import annotations

import secrets
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survey_kit.cli.console import table
from survey_kit.errors import DataMissingError, FileError, StudyError

if TYPE_CHECKING:
    import pandas as pd

    from survey_kit.fieldwork import BackChecks, ContactLog, InterviewerPages, Screening
    from survey_kit.study import Held, ScreensPlan, Study

PAGES = "interviewers"
MARKS = {
    "duration": ("short",),
    "schedule": ("overlap", "travel", "night", "many"),
    "distance": ("far",),
}  # what screens mark in single interviews
LARGEST_KEY = 10_000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Screens:
    """What the screens of a study found, or why they did not run.

    Attributes
    ----------
    screening, checked, held
        The screens, the back-checks, and the interviews they looked at.
    key
        The key of the pseudonyms; never printed.
    why
        Why nothing was screened.
    """

    screening: Screening | None = None
    checked: BackChecks | None = None
    held: Held | None = None
    key: str = field(default="", repr=False)
    why: str = ""

    def label(self) -> Mapping[Any, str]:
        """Give the pseudonym of each interviewer."""
        from survey_kit.fieldwork import pseudonyms

        if self.held is None:
            return {}
        names = self.held.interviews.units("interviewer")[1]
        return {
            name: str(hidden) for name, hidden in zip(names, pseudonyms(names, key=self.key, prefix="I-"), strict=True)
        }


def screens_of(study: Study, log: ContactLog, arguments: Namespace, folder: Path) -> Screens | None:
    """Run the screens that a study declares; None when it declares none.

    Raises
    ------
    StudyError, ResponsesError, FileError
        When there is no key, it lies where it must not, or columns are missing.
    """
    from survey_kit.fieldwork import screen_interviews
    from survey_kit.responses import read_table
    from survey_kit.study import read_interviews

    plan = None if study.field_ is None else study.field_.screens
    if study.field_ is None or plan is None:
        if arguments.key or arguments.who:
            fix = "Add 'screens:' to 'field:'; docs/fieldwork.md shows how."
            raise StudyError("The study declares no screens.", where=str(study.path), fix=fix)
        return None
    key = _key(study, plan, arguments, folder)
    try:
        held = read_interviews(study, log, until=arguments.until)
    except DataMissingError as fault:
        return Screens(key=key, why=f"{fault.what} {fault.where or ''}".strip())
    checked = _checked(study, plan, held)
    screening = screen_interviews(
        held.interviews,
        study.instrument(study.field_.wave),
        reasons=held.reasons,
        phone=plan.phone,
        key=key,
        limits=plan.limits.limits(),
        timezone=plan.timezone,
        closing=plan.closing,
        points=None if plan.points is None else read_table(study.data_file(plan.points)),
        reach=plan.reach,
        more=() if checked is None else (checked.screen,),
        rng=plan.seed,
        level=plan.level,
        data_status=study.data_status,
    )
    return Screens(screening=screening, checked=checked, held=held, key=key)


def _checked(study: Study, plan: ScreensPlan, held: Held) -> BackChecks | None:
    """Compare the second interviews, when there are any."""
    from survey_kit.fieldwork import back_checks
    from survey_kit.responses import read_table

    if plan.back_checks is None:
        return None
    if held.interviews.case is None:
        fix = "Add 'case:' to 'responses:'."
        raise StudyError("Second interviews are matched by case.", where=str(study.path), fix=fix)
    form = study.instrument(None if study.field_ is None else study.field_.wave)
    again = read_table(study.data_file(plan.back_checks.file))
    columns = {item.data_column: item.id for item in form.items if item.data_column in again}
    again = again.rename(columns=columns)
    items = plan.back_checks.items or tuple(name for name in columns.values() if name in held.interviews.frame)
    missing = {name: form.missing_codes(name) for name in items}
    again = again.assign(
        **{name: again[name].where(~again[name].isin(list(missing[name]))) for name in items if name in again}
    )
    return back_checks(held.interviews, again, items, tolerance=plan.back_checks.tolerance, level=plan.level)


# --------------------------------------------------------------------------------------------------------------- the key
def _key(study: Study, plan: ScreensPlan, arguments: Namespace, folder: Path) -> str:
    """Read the key, or make one where --key names a file that is not there yet."""
    if arguments.key is None and plan.key_file is None:
        raise StudyError(
            "Screens name interviewers by pseudonyms, and there is no key to make them with.",
            where=str(study.path),
            fix="Name a file of the field team with --key FILE, which is made if it is not there, or 'key_file:' under 'screens:'.",
        )
    path = arguments.key
    if path is None:
        try:
            path = study.data_file(str(plan.key_file))
        except DataMissingError:
            path = study.data[0] / str(plan.key_file)
            fix = f"survey-kit field {arguments.study} --key {path} makes one."
            raise StudyError("The file with the key is not there.", where=str(path), fix=fix) from None
    _apart(path, folder)
    if path.exists():
        if path.is_dir() or path.stat().st_size > LARGEST_KEY:
            raise FileError("This is no file with a key.", where=str(path), fix="Name a file with one line of text.")
        return _long_enough(path.read_text(encoding="utf-8").strip(), path)
    key = secrets.token_urlsafe(24)
    if not arguments.dry_run:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"{key}\n", encoding="utf-8")
    return key


def _long_enough(key: str, path: Path) -> str:
    from survey_kit.fieldwork.screens_contacts import SHORTEST_KEY

    if len(key) < SHORTEST_KEY:
        found = f"{len(key)} characters"
        fix = f"Write a secret of at least {SHORTEST_KEY} characters, or name a new file, which is then made."
        raise FileError("The key is too short to hide anything.", where=str(path), found=found, fix=fix)
    return key


def _apart(path: Path, folder: Path) -> None:
    """Refuse a key in the build of a report, or beside the pages that it hides names in."""
    where = path.absolute()
    if any((parent / ".state.json").exists() for parent in where.parents):
        fix = "Keep the key with the field team, apart from what is handed on."
        raise FileError("The key lies in the build of a report.", where=str(path), fix=fix)
    if folder.absolute() in where.parents:
        fix = "Keep it with the data of the field team."
        raise FileError("The key lies beside the pages whose names it hides.", where=str(path), fix=fix)


# --------------------------------------------------------------------------------------------------------------- writing
def tables_of(found: Screens) -> dict[str, pd.DataFrame]:
    """Give the tables of the screens by name, interviewers under pseudonyms."""
    if found.screening is None or found.held is None:
        return {}
    label = found.label()
    out = {"screens": found.screening.table(), "screens_evidence": found.screening.evidence()}
    if found.checked is not None:
        out["back_checks_interviewers"] = found.checked.interviewers
    out = {name: part.assign(interviewer=part["interviewer"].map(label)) for name, part in out.items()}
    if found.checked is not None:
        out["back_checks_items"] = found.checked.items
    if found.screening.effects is not None:
        out["interviewer_effects"] = found.screening.effects.table
    if found.held.interviews.case is not None:
        out["screens_interviews"] = _marked(found.screening)
    return out


def _marked(screening: Screening) -> pd.DataFrame:
    """Give the interviews that a screen marks, by case: to be looked at first; without their interviewer."""
    import pandas as pd

    marks = pd.DataFrame({"case": screening.screens[0].interviews["case"]})
    for one in screening.screens:
        for name in MARKS.get(one.screen.name, ()):
            marks[name] = one.interviews[name].to_numpy(dtype=bool)
        if one.screen.name == "alike":
            marks["alike"] = (one.interviews["score"] > 0).to_numpy(dtype=bool)
        if one.screen.name == "duplicate_contacts":
            marks["contact_twice"] = (one.interviews["score"] > 0).to_numpy(dtype=bool)
    flags = marks.drop(columns="case").astype(bool)
    marks.insert(1, "marks", flags.sum(axis=1))
    return marks[marks["marks"] > 0].sort_values("marks", ascending=False, kind="stable", ignore_index=True)


def write_pages(found: Screens, folder: Path, *, title: str, language: str) -> InterviewerPages | None:
    """Write the pages of interviewers into a folder of their own below the folder of the field."""
    if found.screening is None:
        return None
    return found.screening.write(folder / PAGES, key=found.key, title=title, language=language)


# -------------------------------------------------------------------------------------------------------------- printing
def screens_text(found: Screens | None) -> str:
    """Say in words what the screens found."""
    if found is None:
        return ""
    if found.screening is None or found.held is None:
        return f"Screens were not run. {found.why}"
    label = found.label()
    n, who = found.held.interviews.n, len(label)
    flagged = {name for one in found.screening.screens for name in one.flagged}
    rows = []
    for one in found.screening.screens:
        judged = int((one.table["rank"] > 0).sum())
        shown = ", ".join(label[name] for name in one.flagged[:4]) + (" ..." if len(one.flagged) > 4 else "")
        rows.append((one.screen.name.replace("_", " "), f"{judged:,}", f"{len(one.flagged):,}", shown))
    parts = [
        f"Screens of {n:,} interviews; interviewers whose work deserves a second look: {len(flagged):,} of {who:,}",
        table(("screen", "judged", "stand out", "who"), rows, right=("judged", "stand out")),
    ]
    parts += [
        f"Not run: {name.replace('_', ' ')} ({why.rstrip('.')})." for name, why in found.screening.left_out.items()
    ]
    if found.checked is not None:
        parts.append(
            f"Held again: {found.checked.n:,} interviews; {100 * found.checked.agreement:.1f} % of their answers are the same, "
            f"kappa {found.checked.kappa:.2f}."
        )
    if found.held.unknown:
        parts.append(
            f"Note: {found.held.unknown:,} interviews are of no case that the log calls interviewed; left out."
        )
    if found.held.problems:
        parts.append(f"Note: the answers have {found.held.problems:,} faults; survey-kit check lists them.")
    return "\n".join(parts)


def screens_record(found: Screens | None) -> dict[str, Any]:
    """Give what machines read of the screens: counts, no interviewer."""
    if found is None:
        return {}
    if found.screening is None or found.held is None:
        return {"screens": None, "screens_not_run": found.why}
    flagged = {name for one in found.screening.screens for name in one.flagged}
    return {
        "screens": [
            {"screen": one.screen.name, "judged": int((one.table["rank"] > 0).sum()), "stand_out": len(one.flagged)}
            for one in found.screening.screens
        ],
        "screens_left_out": dict(found.screening.left_out),
        "interviews_screened": found.held.interviews.n,
        "interviewers": len(found.label()),
        "second_look": len(flagged),
        "back_checks": None
        if found.checked is None
        else {"interviews": found.checked.n, "agreement": found.checked.agreement, "kappa": found.checked.kappa},
    }


def who_is(found: Screens | None, name: str) -> str:
    """Give the code of the interviewer behind a pseudonym, to who holds the key.

    Raises
    ------
    StudyError
        When no interviewer has the pseudonym under this key.
    """
    for code, hidden in ({} if found is None else found.label()).items():
        if hidden == name:
            return f"{name} is {code}."
    raise StudyError("No interviewer has this pseudonym under this key.", found=name, fix="Look at name and key.")
