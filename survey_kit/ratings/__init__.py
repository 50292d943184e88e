"""International ratings with their editions, standard errors and verification state; figures, not files.

CPI (Transparency International), WGI (World Bank), WJP Rule of Law Index, EGDI (UN DESA), and earlier national surveys.
Every frame ends with the columns `source edition verified licence_note data_status`; a rank never stands without
`n_countries`. The tables lie in ``tables/`` and are made by ``docs/make_rating_tables.py``.
"""

from survey_kit.ratings.governance import wgi, wgi_change
from survey_kit.ratings.indices import egdi, others, summary, wjp
from survey_kit.ratings.perceptions import (
    cpi,
    cpi_change,
    cpi_changes,
    cpi_leave_one_out,
    cpi_sources,
    significant_changes,
)

__all__ = [
    "cpi",
    "cpi_change",
    "cpi_changes",
    "cpi_leave_one_out",
    "cpi_sources",
    "egdi",
    "others",
    "significant_changes",
    "summary",
    "wgi",
    "wgi_change",
    "wjp",
]
