"""The whole way of a study, from its files to its published folder."""

from survey_kit.pipeline.whole import Build, build, render

__all__ = ["Build", "build", "render"]
