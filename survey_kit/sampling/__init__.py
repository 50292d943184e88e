"""Sampling: how large a sample has to be, how it is spread over strata, and how it is drawn."""

from survey_kit.sampling.allocate import (
    EQUAL,
    KISH,
    NEYMAN,
    OPTIMUM,
    PROPORTIONAL,
    Allocation,
    Rule,
    allocate,
    power,
)
from survey_kit.sampling.assign import Assignment, assign
from survey_kit.sampling.bethel import Target, bethel, reached, targets
from survey_kit.sampling.coordinate import Overlap, Rotation, overlap, permanent_numbers, refresh, rotation_groups
from survey_kit.sampling.costs import ClusterPlan, Costs, cluster_plan, cost_curve, optimum_cluster
from survey_kit.sampling.documents import Document, Papers, write_papers
from survey_kit.sampling.documents_cases import case_list
from survey_kit.sampling.draw import Draw, Record
from survey_kit.sampling.frame_check import check_frame
from survey_kit.sampling.frame_coverage import coverage
from survey_kit.sampling.frame_regions import move_regions, move_totals
from survey_kit.sampling.frame_sizes import Repaired, SizeRule, repair_sizes
from survey_kit.sampling.frame_units import Remade, join_small, segment_large
from survey_kit.sampling.household import kish_grid, kish_tables, last_birthday, next_birthday, random_person
from survey_kit.sampling.kish import KISH_TABLES, kish_chances
from survey_kit.sampling.plan import SamplePlan, Stage
from survey_kit.sampling.plan_draw import PlanDraw
from survey_kit.sampling.plan_record import repeat_plan
from survey_kit.sampling.plan_sizes import Goal, Precision, Rate, Spread
from survey_kit.sampling.plan_stage import StageDraw
from survey_kit.sampling.precision import (
    Measure,
    SampleSize,
    average,
    change_se,
    crosswise,
    detectable_change,
    detectable_difference,
    forced_response,
    list_experiment,
    planned_se,
    sample_size,
    sample_size_for_change,
    share,
)
from survey_kit.sampling.precision_tables import power_curve, region_precision, region_sizes
from survey_kit.sampling.probabilities import inclusion_probabilities
from survey_kit.sampling.select import repeat, select
from survey_kit.sampling.select_methods import (
    BERNOULLI,
    BREWER,
    CUBE,
    CUBE_PROGRAMME,
    KISH_GRID,
    MAXIMUM_ENTROPY,
    METHODS,
    PARETO,
    POISSON,
    PPS_SYSTEMATIC,
    PPS_SYSTEMATIC_RANDOM,
    SEQUENTIAL_POISSON,
    SRS,
    SRS_REPLACEMENT,
    SYSTEMATIC,
    Method,
)

__all__ = [
    "BERNOULLI",
    "BREWER",
    "CUBE",
    "CUBE_PROGRAMME",
    "EQUAL",
    "KISH",
    "KISH_GRID",
    "KISH_TABLES",
    "MAXIMUM_ENTROPY",
    "METHODS",
    "NEYMAN",
    "OPTIMUM",
    "PARETO",
    "POISSON",
    "PPS_SYSTEMATIC",
    "PPS_SYSTEMATIC_RANDOM",
    "PROPORTIONAL",
    "SEQUENTIAL_POISSON",
    "SRS",
    "SRS_REPLACEMENT",
    "SYSTEMATIC",
    "Allocation",
    "Assignment",
    "ClusterPlan",
    "Costs",
    "Document",
    "Draw",
    "Goal",
    "Measure",
    "Method",
    "Overlap",
    "Papers",
    "PlanDraw",
    "Precision",
    "Rate",
    "Record",
    "Remade",
    "Repaired",
    "Rotation",
    "Rule",
    "SamplePlan",
    "SampleSize",
    "SizeRule",
    "Spread",
    "Stage",
    "StageDraw",
    "Target",
    "allocate",
    "assign",
    "average",
    "bethel",
    "case_list",
    "change_se",
    "check_frame",
    "cluster_plan",
    "cost_curve",
    "coverage",
    "crosswise",
    "detectable_change",
    "detectable_difference",
    "forced_response",
    "inclusion_probabilities",
    "join_small",
    "kish_chances",
    "kish_grid",
    "kish_tables",
    "last_birthday",
    "list_experiment",
    "move_regions",
    "move_totals",
    "next_birthday",
    "optimum_cluster",
    "overlap",
    "permanent_numbers",
    "planned_se",
    "power",
    "power_curve",
    "random_person",
    "reached",
    "refresh",
    "region_precision",
    "region_sizes",
    "repair_sizes",
    "repeat",
    "repeat_plan",
    "rotation_groups",
    "sample_size",
    "sample_size_for_change",
    "segment_large",
    "select",
    "share",
    "targets",
    "write_papers",
]
