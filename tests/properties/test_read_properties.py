"""What is written as CSV is read as it was, whatever stands in the cells; a cut file is an error."""

import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_kit.errors import ResponsesError
from survey_kit.responses import read_table

words = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\x00"), max_size=8)
cells = words.map(lambda word: "x" + word) | st.sampled_from(["x,y", "x;y", 'x"y', "x\ny", "x\ty", "x'", "x|"])
tables = st.integers(2, 4).flatmap(lambda width: st.lists(st.tuples(*[cells] * width), min_size=1, max_size=6))


def as_csv(rows, separator):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow([f"c{place}" for place in range(len(rows[0]))])
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("csv")


@given(rows=tables, separator=st.sampled_from(",;\t|"))
def test_cells_come_back_as_they_were(folder, rows, separator):
    path = folder / "answers.csv"
    path.write_bytes(as_csv(rows, separator))
    assert [tuple(row) for row in read_table(path).to_numpy().tolist()] == rows


@given(rows=tables, share=st.floats(0, 0.99) | st.just(1))
def test_a_cut_gzip_is_never_half_a_table(folder, rows, share):
    path = folder / "answers.csv.gz"
    whole = gzip.compress(as_csv(rows, ","), mtime=0)
    path.write_bytes(whole[: int(len(whole) * share)])
    if share == 1:
        assert len(read_table(path)) == len(rows)
    else:
        with pytest.raises(ResponsesError):
            read_table(path)
