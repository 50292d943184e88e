"""From sample.yaml to a drawn sample: the file, frame and repairs, draw, cases, papers, story, record, command."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from survey_kit.cli.main import main
from survey_kit.cli.outcome import DONE, FINDINGS, MENDABLE
from survey_kit.errors import DesignError, StudyError
from survey_kit.report.about import _method as method_of
from survey_kit.sampling import SamplePlan, repeat_plan
from survey_kit.study import read_study
from survey_kit.study.sample_disclosure import sample_disclosure, write_words
from survey_kit.study.sample_file import read_sample_file
from survey_kit.study.sample_frame import ready_frame
from survey_kit.study.sample_run import derived_seed, run_sample

PLAN = {
    "schema": "survey-kit/sample/1",
    "title": "A rehearsal",
    "seed": 2026,
    "data_status": "synthetic",
    "frame": {
        "file": "areas.csv",
        "unit": "area",
        "size": "homes",
        "name": "place",
        "coverage": {"file": "totals.csv", "by": "region"},
        "repair": [{"when": ["missing", "zero"], "ratio_to": "roofs", "why": "not listed; roofs counted"}],
        "join": {"minimum": 40, "order_by": "area"},
    },
    "stages": [
        {
            "unit": "psu",
            "strata": ["region", "settlement"],
            "method": "pps_systematic",
            "size": "psu_size",
            "n": {"rule": "kish", "total": 40, "minimum": 2},
            "reserve": 1,
        },
        {"unit": "home", "method": "systematic", "n": 8},
    ],
    "field": {
        "languages": ["kk", "ru"],
        "cases": 8,
        "interviewers": {"file": "crew.csv", "workload": 48, "area": "region"},
    },
}


def areas():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "area": [f"e{i:04}" for i in range(240)],
            "place": [f"Village {i}" for i in range(240)],
            "region": [f"R{i % 4}" for i in range(240)],
            "settlement": ["urban" if i % 3 else "rural" for i in range(240)],
            "homes": rng.integers(60, 200, 240).astype(float),
            "roofs": rng.integers(60, 220, 240),
        }
    )
    frame.loc[[5, 9, 20], "homes"] = [np.nan, 0, 12]
    return frame


def put(folder, plan=None, frame=None):
    frame = areas() if frame is None else frame
    frame.to_csv(folder / "areas.csv", index=False)
    frame.groupby("region")["homes"].sum().mul(1.02).rename("total").reset_index().to_csv(
        folder / "totals.csv", index=False
    )
    crew = pd.DataFrame({"interviewer": [f"i{j:02}" for j in range(16)], "region": [f"R{j % 4}" for j in range(16)]})
    crew.to_csv(folder / "crew.csv", index=False)
    path = folder / "sample.yaml"
    path.write_text(yaml.safe_dump(PLAN if plan is None else plan, sort_keys=False), encoding="utf-8")
    return path


def changed(*way, to):
    plan = json.loads(json.dumps(PLAN))
    part = plan
    for key in way[:-1]:
        part = part[key]
    if to is None:
        del part[way[-1]]
    else:
        part[way[-1]] = to
    return plan


def run(path):
    return run_sample(read_sample_file(path), study="pilot", data_status="synthetic")


# -------------------------------------------------------------------------------------------------------- the way
def test_the_whole_way(tmp_path):
    made = run(put(tmp_path))
    units = made.tables()["units"]
    assert len(units) == 40
    assert (units["interviewers"].str.count(",") == 1).all()
    assert units["cases"].sum() == len(made.cases) == 320
    assert made.ready.repaired.log["unit"].tolist() == ["e0005", "e0009"]
    assert made.ready.remade.mapping["new"].nunique() == 239
    assert len(made.tables()["reserve"]) == 8
    pi = made.first.stages[0].pi
    assert np.sum(pi) == pytest.approx(40)
    assert (made.cases["kish"].value_counts() > 10).all()
    stacks = [f"contacts-i{j:02}" for j in range(16)]
    names = [paper.name for paper in made.papers]
    assert sorted(names) == sorted(["units", "listing", *stacks, "assignments"] * 2)
    sheets = next(paper for paper in made.papers if paper.name == "contacts-i03" and paper.language == "ru").sheets
    assert {dict(sheet.facts)["Интервьюер"] for sheet in sheets} == {"i03"}
    assert len(sheets) == (made.cases["interviewer"] == "i03").sum()
    assert "Sample of 'pilot' (synthetic)" in repr(made)


def test_the_story_has_the_figures_of_the_sample(tmp_path):
    made = run(put(tmp_path))
    story = "\n".join(made.story())
    assert story.startswith("Synthetic frame: The frame is the table areas.csv (SHA-256 ")
    covered = made.ready.covered
    assert f"It holds {covered['frame'].sum() / covered['official'].sum():.1%} of what official figures count" in story
    assert "2 sizes repaired by rule 1: not listed; roofs counted." in story
    assert "240 units were joined into 239, so that each has a size of at least 40." in story
    assert "40 units 'psu' were drawn in 8 strata with the seed 2026" in story
    assert "8 further units wait in reserve" in story
    assert "320 cases were numbered, each with a table of Kish's grid." in story


def test_the_record_repeats_the_draw(tmp_path):
    made = run(put(tmp_path))
    record = json.loads(json.dumps(made.record()))
    assert set(record["inputs"]) == {"sample.yaml", "areas.csv", "totals.csv", "crew.csv"}
    again = repeat_plan([made.ready.frame], record["draw"])
    assert again.last.rows.tolist() == made.first.last.rows.tolist()
    assert again.reserves.equals(made.first.reserves)
    assert run(tmp_path / "sample.yaml").record() == made.record()
    assert derived_seed(1, "kish") != derived_seed(2, "kish")


def test_old_regions_are_brought_to_todays_borders(tmp_path, root):
    shutil.copy(root / "instruments" / "core" / "crosswalks" / "regions_2022.yaml", tmp_path)
    frame = areas().assign(oblast=["KZ-11", "KZ-63"] * 120, town=["x", "Semey", "y", "Oskemen"] * 60)
    places = pd.DataFrame({"town": ["Semey", "Oskemen"], "region_new": ["KZ-10", "KZ-63"]})
    places.to_csv(tmp_path / "towns.csv", index=False)
    borders = {"crosswalk": "regions_2022.yaml", "region": "oblast", "place": "town", "places": "towns.csv"}
    made = ready_frame(read_sample_file(put(tmp_path, changed("frame", "borders", to=borders), frame)))
    assert made.frame["region_new"].value_counts().to_dict() == {"KZ-11": 119, "KZ-10": 60, "KZ-63": 60}
    assert {"regions_2022.yaml", "towns.csv"} <= set(made.inputs)
    del borders["places"]
    with pytest.raises(DesignError, match="KZ-63 was divided, and a unit cannot be placed"):
        ready_frame(read_sample_file(put(tmp_path, changed("frame", "borders", to=borders), frame)))


def test_one_file_serves_the_plan_and_the_command(tmp_path):
    path = put(tmp_path)
    assert SamplePlan.from_yaml(path).to_dict() == read_sample_file(path).plan.to_dict()
    path.write_text(path.read_text(encoding="utf-8").replace("stages:", "stagse:"), encoding="utf-8")
    with pytest.raises(DesignError, match="did you mean 'stages'"):
        SamplePlan.from_yaml(path)


def test_a_listing_gives_the_cases(tmp_path):
    path = put(tmp_path)
    drawn = run(path).tables()["units"]["psu"]
    homes = pd.DataFrame({"psu": np.repeat(drawn.to_numpy(), 30), "home": np.tile(np.arange(1, 31), len(drawn))})
    homes.to_csv(tmp_path / "homes.csv", index=False)
    plan = changed("field", "cases", to=None) | {"listings": [{"file": "homes.csv", "seed": 7}]}
    made = run(put(tmp_path, plan))
    assert len(made.cases) == 320
    assert made.cases["case"].is_unique
    assert {"place", "kish", "interviewer", "probability"} <= set(made.cases.columns)
    first = made.cases.iloc[0]
    unit = made.tables()["units"].set_index("psu").loc[first["psu"]]
    assert first["probability"] == pytest.approx(unit["probability"] * 8 / 30)
    assert "In stage 2, 320 units 'home' were drawn from a listing." in made.story()
    assert "listing" not in [paper.name for paper in made.papers]


def test_very_many_sheets_are_printed_from_several_files(tmp_path, monkeypatch):
    monkeypatch.setattr("survey_kit.study.sample_run.MOST_SHEETS", 30)
    plan = changed("field", "interviewers", to=None)
    plan["field"]["languages"] = ["en"]
    made = run(put(tmp_path, plan))
    listing = [paper for paper in made.papers if paper.name.startswith("listing-")]
    assert [paper.name for paper in listing] == [f"listing-R{j}" for j in range(4)]
    assert sum(len(paper.sheets) for paper in listing) == 40
    contacts = [paper for paper in made.papers if paper.name.startswith("contacts-")]
    assert len(contacts) == 40
    assert {len(paper.sheets) for paper in contacts} == {8}
    assert contacts[0].name == f"contacts-{made.tables()['units']['psu'].iloc[0]}"


def test_segments_are_units(tmp_path):
    plan = changed("frame", "join", to=None)
    plan["frame"]["segment"] = {"maximum": 100}
    plan["stages"][0] |= {"unit": "segment", "size": "segment_size"}
    made = run(put(tmp_path, plan))
    assert made.ready.frame["segment_size"].max() <= 100
    assert "segmented into" in "\n".join(made.story())


def test_what_a_report_tells_leads_nobody_to_the_places(tmp_path):
    made = run(put(tmp_path))
    told = " ".join(made.disclosure())
    assert "2026" not in told
    assert "SHA" not in told
    assert not any(place in told for place in made.tables()["units"]["psu"])
    assert "40 units 'psu' were drawn in 8 strata; their probabilities lie between" in told
    path = write_words(tmp_path, "pilot", "synthetic", made.disclosure())
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["method"]["recruitment"] == told


# ------------------------------------------------------------------------------------------------------- the files
def test_written_whole_and_never_over_another_sample(tmp_path):
    made = run(put(tmp_path))
    place = tmp_path / "field"
    names = {path.name for path in made.write(place)}
    assert {"record.json", "synthetic-pilot-units.csv", "synthetic-pilot-story.txt", "contacts-i00.kk.html"} <= names
    units = pd.read_csv(place / "synthetic-pilot-units.csv")
    assert set(units["data_status"]) == {"synthetic"}
    assert pd.read_csv(place / "synthetic-pilot-contacts.csv").columns[0] == "case"
    made.write(place)  # the same sample may be written again
    other = run(put(tmp_path, changed("seed", to=5)))
    with pytest.raises(DesignError, match="Another sample was drawn here before"):
        other.write(place)
    assert json.loads((place / "record.json").read_text())["seed"] == 2026
    other.write(place, force=True)
    assert json.loads((place / "record.json").read_text())["seed"] == 5
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_other_folders_are_left_alone(tmp_path):
    made = run(put(tmp_path))
    with pytest.raises(DesignError, match="This folder holds no sample"):
        made.write(tmp_path)
    place = tmp_path / "field"
    made.write(place)
    record = json.loads((place / "record.json").read_text())
    (place / "record.json").write_text(json.dumps(record | {"id": "other"}))
    with pytest.raises(DesignError, match="a sample of 'other'"):
        made.write(place, force=True)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / ".state.json").write_text("{}")
    with pytest.raises(DesignError, match="folder of a report"):
        made.write(tmp_path / "report" / "sample")


# --------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (changed("seed", to=None), "The key 'seed' is missing"),
        (changed("seed", to=-1), "sample.yaml:3\n  found: -1"),
        (changed("frame", "fiel", to="x"), "did you mean 'file'"),
        (changed("frame", "repair", to=[{"when": ["zero"], "to": 5}]), "The key 'why' is missing"),
        (changed("frame", "repair", to=[{"when": ["zero"], "why": "x"}]), "A rule for sizes has one remedy"),
        (changed("frame", "segment", to={"maximum": 5}), "joined or cut, not both"),
        (changed("stages", 0, "metod", to="srs"), "did you mean 'method'"),
        (changed("stages", 0, "method", to="pps"), "no method of selection"),
        (changed("stages", to=[]), "lists its stages"),
        (changed("listings", to=[{"file": "x.csv", "seed": 1}]), "'cases' has no use where a listing"),
        (changed("listings", to=[{"file": "x.csv", "seed": seed} for seed in (1, 2)]), "2 listings, 2 stages"),
        (changed("field", "languages", to=["fr"]), "no papers in the language 'fr'"),
        (changed("field", "formats", to=["docx"]), "'html' or 'pdf'"),
    ],
)
def test_a_file_that_contradicts_itself(tmp_path, plan, told):
    with pytest.raises(DesignError) as caught:
        read_sample_file(put(tmp_path, plan))
    assert told in str(caught.value)
    assert "sample.yaml" in str(caught.value)


def test_a_table_that_is_not_there(tmp_path):
    sample = read_sample_file(put(tmp_path, changed("frame", "file", to="aeras.csv")))
    with pytest.raises(DesignError, match="did you mean 'areas"):
        ready_frame(sample)


def test_a_frame_with_faults_is_not_drawn_from(tmp_path):
    plan = changed("frame", "repair", to=None)
    del plan["frame"]["join"]
    plan["stages"][0] |= {"unit": "area", "size": "homes"}
    ready = ready_frame(read_sample_file(put(tmp_path, plan)))
    assert ready.errors == 2
    with pytest.raises(DesignError) as caught:
        run(tmp_path / "sample.yaml")
    assert "F005: A unit has no size." in str(caught.value)
    assert "stratum region R1, settlement urban, unit e0005, row 6 (1 more faults)" in str(caught.value)


# ------------------------------------------------------------------------------------------------------ the command
def test_the_command_draws_and_writes(tmp_path, capsys, monkeypatch):
    put(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["sample", "sample.yaml", "--dry-run"]) == DONE
    out = capsys.readouterr().out
    assert "Nothing was written." in out
    assert "40 units 'psu' were drawn in 8 strata" in out
    assert not (tmp_path / "build").exists()
    assert main(["sample", "sample.yaml", "--json"]) == DONE
    record = json.loads(capsys.readouterr().out)
    folder = tmp_path / "build" / f"synthetic-{tmp_path.name}-sample"
    assert record["drawn"] == [40]
    assert (folder / "record.json").is_file()
    assert all((tmp_path / name).is_file() for name in record["written"])


def test_the_command_lists_the_faults_of_a_frame(tmp_path, capsys, monkeypatch):
    frame = areas()
    frame.loc[7, "area"] = "e0003"
    put(tmp_path, changed("frame", "join", to=None) | {"stages": [{"unit": "area", "n": 3}]}, frame)
    monkeypatch.chdir(tmp_path)
    assert main(["sample", "sample.yaml"]) == FINDINGS
    out = capsys.readouterr().out
    assert "1 faults of the frame; nothing was drawn" in out
    assert "F002" in out
    assert not (tmp_path / "build").exists()


@pytest.fixture
def study_with_sample(tmp_path, root):
    """Give a copy of the rehearsal study that names a sample, without a word of its own about recruitment."""
    folder = tmp_path / "analyses" / "pilot"
    shutil.copytree(root / "analyses" / "kazakhstan", folder, ignore=shutil.ignore_patterns("data"))
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    head, _, rest = text.partition("  recruitment: >-")
    rest = rest[rest.index("\n  modes:") :]
    text = f"{head}{rest}".replace(
        "\nindicators: indicators.yaml", "\nindicators: indicators.yaml\nsample: sample.yaml"
    )
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(root / "instruments", tmp_path / "instruments")
    put(folder)
    return folder


def test_the_words_of_a_sample_stand_in_the_report(study_with_sample, capsys, monkeypatch):
    monkeypatch.chdir(study_with_sample.parents[1])
    assert main(["sample", "pilot", "--disclose", "--json"]) == DONE
    record = json.loads(capsys.readouterr().out)
    assert record["study"] == "kazakhstan"
    assert "analyses/pilot/sample_disclosure.yaml" in record["written"]
    study = read_study(study_with_sample)
    told = method_of(study, "en", None)["recruitment"]
    assert told.startswith("Synthetic data: The frame is the table areas.csv. Checked as given")
    assert study_with_sample / "sample_disclosure.yaml" in study.inputs
    path = study_with_sample / "sample_disclosure.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("synthetic", "real"), encoding="utf-8")
    with pytest.raises(StudyError, match="belong to another study"):
        sample_disclosure(study)


def test_the_check_of_a_study_looks_at_its_frame(study_with_sample, capsys, monkeypatch):
    monkeypatch.chdir(study_with_sample.parents[1])
    main(["check", "pilot", "--json"])
    found = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["part"] == "sample"]
    assert {one["code"] for one in found} == {"F008"}
    put(study_with_sample, changed("frame", "repair", to=None))
    assert main(["check", "pilot", "--json"]) == FINDINGS
    found = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["part"] == "sample"]
    assert found[0]["severity"] == "error"
    assert "A size is missing or negative." in found[0]["message"]


def test_a_study_without_a_sample_is_told(root, capsys):
    assert main(["sample", str(root / "analyses" / "brazil_trust")]) == MENDABLE
    assert "The study declares no sample." in capsys.readouterr().err
