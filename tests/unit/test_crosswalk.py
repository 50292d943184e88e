"""Crosswalks between versions of a list: what can be carried over, and what only groups can show."""

import pytest

from survey_kit.errors import InstrumentError
from survey_kit.instrument import find_crosswalk, read_crosswalk, read_instrument

HEAD = 'schema: survey-kit/crosswalk/1\nid: a\nscale: s\nold: "1"\nnew: "2"\nsource: made up\ncodes:\n'


def read(tmp_path, *lines):
    path = tmp_path / "a.yaml"
    path.write_text(HEAD + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
    return read_crosswalk(path)


def test_the_regions_of_2022_fall_into_groups_that_both_lists_show():
    made = find_crosswalk("instruments/core", "region", "2018", "2022")
    region = read_instrument("instruments/core").scale_of("region")
    assert region.version == made.new
    assert set(made.common_new) == set(region.codes)
    assert len(made.codes) == 17
    assert len(set(made.common_new.values())) == 17
    assert made.common_new["KZ-10"] == made.common_new["KZ-63"] == made.common_old["KZ-63"]
    assert made.forward(["KZ-63", "KZ-75", None]) == [None, "KZ-75", None]
    assert made.backward(["KZ-10", "KZ-62", "??"]) == ["KZ-63", "KZ-35", None]


def test_codes_that_are_divided_and_joined_again_make_one_group(tmp_path):
    made = read(tmp_path, "{old: 1, new: [1, 2]}", "{old: 2, new: [2]}", "{old: 3, new: [3]}", "{old: 4, new: [2, 4]}")
    assert set(made.common_old.values()) == {"1+2+4", "3"}
    assert made.common_new[4] == made.common_old[1] == "1+2+4"
    assert made.backward([2, 4]) == [None, 4]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["{old: 1, new: [1]}", "{old: 1, new: [2]}"], "stands twice"),
        (["{old: 1, new: [1, 2], shares: [0.5]}"], "do not fit"),
        (["{old: 1, new: [1, 2], shares: [0.5, 0.6]}"], "do not fit"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_line(tmp_path, lines, told):
    with pytest.raises(InstrumentError, match=told) as caught:
        read(tmp_path, *lines)
    assert caught.value.where.endswith(f"a.yaml:{7 + len(lines)}")


def test_an_unknown_crosswalk_names_the_nearest():
    with pytest.raises(InstrumentError, match="region 2018 2022"):
        find_crosswalk("instruments/core", "region", "2018", "2021")
