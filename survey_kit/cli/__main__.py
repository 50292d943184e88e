"""``python -m survey_kit.cli``."""

from __future__ import annotations

import sys

from survey_kit.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
