"""A small sound questionnaire to begin from."""

from __future__ import annotations

import re
from pathlib import Path

from survey_kit.errors import InstrumentError
from survey_kit.files import write_text
from survey_kit.instrument.model import SCHEMA

_TEMPLATE = """\
schema: {schema}
id: {name}
version: "1.0"
source_language: en
title: {title}
note: >-
  Why this questionnaire, which standards it follows, its known biases.
population: Adults aged 18 and over living in private households
unit: person
modes: [face_to_face]
placeholders:
  sponsor: Who pays for the survey and answers for it
  contact: A telephone or address to ask or complain

missing: {{98: dont_know, 99: refused}}
missing_labels: {{98: Don't know, 99: Refused to answer}}

scales:
  yes_no: {{codes: [1, 2], labels: {{1: 'Yes', 2: 'No'}}}}
  trust11:
    codes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    ends: {{0: Not at all, 10: Completely}}
    high: 10

modules:
  - id: opening
    title: Introduction and consent
    lead_in: >-
      This survey is carried out for [[sponsor]]. Taking part is voluntary; you may skip any question or stop at any time. Your answers
      are seen by researchers only, as totals of many people; no official and no employer sees them. No names are written down.
      Questions and complaints: [[contact]].
    items:
      - {{id: consent, scale: yes_no, missing: {{}}, text: 'Do you agree to take part?'}}

  - id: trust
    title: Trust
    ask_if: consent == 1
    note: Trust comes first, before anything that could prime it.
    items:
      - id: trust_grid
        type: grid
        scale: trust11
        showcard: "1"
        text: How much do you trust each of the following?
        rows:
          - {{id: trust_people, text: Most people, label: Trust in most people}}
          - {{id: trust_police, text: The police, label: Trust in the police}}
      - id: contact_police
        scale: yes_no
        text: In the past 12 months, were you in contact with the police?
        period: the past 12 months
      - id: police_fair
        scale: trust11
        ask_if: contact_police == 1
        universe: those who were in contact with the police
        showcard: "1"
        text: How fair was the treatment you received, from 0, not at all, to 10, completely?

  - id: closing
    ask_if: consent == 1
    items:
      - {{id: thanks, type: note, text: 'Thank you. Questions and complaints: [[contact]].'}}

field_tests: []
changelog:
  - {{version: "1.0", text: First version.}}
"""


def begin(name: str, to: Path | str = "instruments") -> Path:
    """Write a small sound questionnaire to begin from, into ``<to>/<name>/instrument.yaml``.

    Raises
    ------
    InstrumentError
        When the name is no plain name, or the folder holds an instrument already.

    Examples
    --------
    >>> import tempfile
    >>> from survey_kit.instrument import read_instrument
    >>> read_instrument(begin("courts", tempfile.mkdtemp()).parent).problems
    ()
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InstrumentError(
            "This is no name for an instrument.", found=repr(name), fix="Use small letters, digits and _."
        )
    path = Path(to) / name / "instrument.yaml"
    if path.exists():
        raise InstrumentError("There is an instrument already.", where=str(path), fix="Choose another name.")
    title = name.replace("_", " ").capitalize()
    return write_text(path, _TEMPLATE.format(schema=SCHEMA, name=name, title=title))
