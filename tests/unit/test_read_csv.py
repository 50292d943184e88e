"""Reading CSV: numbers and codes as they stand, and every fault of a file with its line."""

import csv
import gzip

import pytest

from survey_kit.errors import ResponsesError
from survey_kit.responses import read_labelled, read_table
from survey_kit.responses.delimited import DECIMAL_COMMA


def written(folder, content, name="answers.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def told(path, **kwargs):
    with pytest.raises(ResponsesError) as caught:
        read_table(path, **kwargs)
    message = str(caught.value)
    assert len(message.splitlines()) <= 5
    assert path.name in message
    return message


def test_numbers_texts_and_nulls(tmp_path):
    frame = read_table(written(tmp_path, 'wave,b31,w,note\n2014,7,1.5,"a, b"\n"2018/19",,NA,\n'))
    assert frame["wave"].tolist() == ["2014", "2018/19"]
    assert frame["b31"].tolist()[0] == 7
    assert frame["b31"].isna().tolist() == frame["w"].isna().tolist() == [False, True]
    assert frame["note"].tolist()[0] == "a, b"


def test_a_word_that_looks_like_a_null_elsewhere_stays_a_word(tmp_path):
    assert read_table(written(tmp_path, "party\nNone\nnull\n"))["party"].tolist() == ["None", "null"]


def test_what_starts_with_a_zero_stays_a_code(tmp_path):
    frame = read_table(written(tmp_path, "kato,n,share\n0110,10,0.5\n7101,20,0.7\n"))
    assert frame["kato"].tolist() == ["0110", "7101"]
    assert frame["n"].tolist() == [10, 20]
    assert frame["share"].tolist() == [0.5, 0.7]


@pytest.mark.parametrize(("text", "second"), [("a;b\n1,5;2\n2,25;3\n", 2.25), ("a\tb\n1.5\t2\n2.25\t3\n", 2.25)])
def test_other_separators_and_the_decimal_comma(tmp_path, text, second):
    assert read_table(written(tmp_path, text))["a"].tolist() == [1.5, second]
    assert not DECIMAL_COMMA.search("a;b\n1.5;2")


def test_a_byte_order_mark_windows_line_ends_and_a_named_encoding(tmp_path):
    assert read_table(written(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n")).columns.tolist() == ["a", "b"]
    assert read_table(written(tmp_path, b"a,b\r1,2\r")).shape == (1, 2)
    cyrillic = "город\nАлматы\n".encode("cp1251")
    assert read_table(written(tmp_path, cyrillic), encoding="windows-1251")["город"].tolist() == ["Алматы"]


def test_only_the_columns_named_are_read_and_a_nameless_first_column_is_left_out(tmp_path):
    path = written(tmp_path, '"","a","b"\n"1",1,2\n"2",3,4\n')
    assert read_table(path).columns.tolist() == ["a", "b"]
    assert read_table(path, columns=["b", "c"]).to_dict("list") == {"b": [2, 4]}


def test_a_line_break_inside_quotes_does_not_shift_the_lines(tmp_path):
    path = written(tmp_path, 'a,b\n1,"two\nlines"\n3\n')
    assert "answers.csv:4" in told(path)


def test_a_csv_has_no_labels(tmp_path):
    read = read_labelled(written(tmp_path, "a\n1\n"))
    assert (read.frame["a"].tolist(), read.variable_labels, read.value_labels) == ([1], {}, {})


CASES = {
    "too few fields": (b"a,b,c\n1,2,3\n1,2\n", ":3", "2 fields, the header has 3"),
    "too many fields": (b"a,b\n1,2,3\n1,2,3\n", ":2", "3 fields, the header has 2; 2 such rows"),
    "two columns of one name": (b"a,b,a\n1,2,3\n", ":1", "'a' and 'a', columns 1 and 3"),
    "names equal but for case": (b"b31,x,B31\n1,2,3\n", ":1", "'b31' and 'B31'"),
    "a nameless column": (b"a,,b\n1,2,3\n", ":1", "column 2"),
    "wrong encoding": ("a\nok\nсот\n".encode("cp1251"), ":3", "not UTF-8"),
    "UTF-16": ("a\n1\n".encode("utf-16"), "", "UTF-16"),
    "a zero byte": (b"a\n1\n\x00\n", ":3", "zero byte"),
    "an endless quote": (b'a,b\n1,"2\n' + b"x" * 200_000, ":", "field larger"),
    "nothing": (b"", "", "empty"),
    "blank lines": (b"\n\n\n", ":1", "names no columns"),
    "no rows": (b"a,b\n", "", "no rows"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_file_is_one_error_with_its_line(tmp_path, case):
    content, line, words = CASES[case]
    message = told(written(tmp_path, content))
    assert f"answers.csv{line}" in message
    assert words in message
    assert "to do:" in message


def test_the_longest_field_is_ours_whatever_other_packages_allow(tmp_path):
    before = csv.field_size_limit(10_000_000)
    try:
        assert "field larger" in told(written(tmp_path, CASES["an endless quote"][0]))
        assert csv.field_size_limit() == 10_000_000
    finally:
        csv.field_size_limit(before)


def test_a_truncated_or_damaged_gzip_is_one_error(tmp_path):
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)
    assert read_table(written(tmp_path, whole, "x.csv.gz")).shape == (10_000, 2)
    assert "cut off or damaged" in told(written(tmp_path, whole[:-20], "x.csv.gz"))
    assert "cut off or damaged" in told(written(tmp_path, whole[:30] + b"\x00" + whole[31:], "x.csv.gz"))
    assert "cut off or damaged" in told(written(tmp_path, b"a,b\n1,2\n", "x.csv.gz"))


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("survey_kit.responses.delimited.MAX_BYTES", 1000)
    assert "too large" in told(written(tmp_path, gzip.compress(b"a\n" + b"1\n" * 5000), "x.csv.gz"))
    assert "too large" in told(written(tmp_path, b"a\n" + b"1\n" * 5000))


def test_a_missing_file_an_unknown_kind_and_an_unknown_encoding(tmp_path):
    written(tmp_path, "a\n1\n")
    assert "did you mean 'answers.csv'" in told(tmp_path / "answer.csv")
    assert ".parquet" in told(written(tmp_path, "x", "answers.doc"))
    assert "not an encoding" in told(tmp_path / "answers.csv", encoding="klingon")
