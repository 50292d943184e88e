"""The discipline of a release: what may be called final, what was revised and why, and whether a folder still holds."""

from survey_kit.release.frozen import freeze_indicators
from survey_kit.release.made import Release, make_release
from survey_kit.release.verification import Verification, verify_release

__all__ = ["Release", "Verification", "freeze_indicators", "make_release", "verify_release"]
