"""The part of the Python script that is the same for every instrument: pandas only."""

from __future__ import annotations

BODY = r'''

def read_answers(path):
    """Read answers as they were collected: every cell as text, blanks as missing."""
    return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""])


def label_answers(data, missing="keep"):
    """Put labels on answers: codes become categories; what takes several answers becomes columns of 0 and 1.

    missing="keep": codes that are no answers are categories of their own, and a number has a second column <name>_missing that says
    why it is missing. missing="drop": they are missing, and scales with a direction are ordered. The labels of the columns stand in
    .attrs["labels"].
    """
    if missing not in {"keep", "drop"}:
        raise ValueError("missing= takes 'keep' or 'drop'")
    keep, out = missing == "keep", {name: data[name] for name in data.columns if name not in SEVERAL}
    labels = {}
    for one in VARIABLES:
        cells = answers_of(data, one)
        if cells is None:
            continue
        name, absent = one["name"], cells.isin(list(one["missing"]))
        labels[name] = one["label"]
        if one["kind"] in {"code", "tick"}:
            known = {**one["codes"], **(one["missing"] if keep else {})}
            words = unique_words(known)
            kind = pd.CategoricalDtype([words[code] for code in known], ordered=one["ordered"] and not keep)
            out[name] = cells.map(words).astype(kind)
        elif one["kind"] == "number":
            if keep and one["missing"]:
                words = unique_words(one["missing"])
                out[f"{name}_missing"] = cells.where(absent).map(words).astype(pd.CategoricalDtype(list(words.values())))
            out[name] = pd.to_numeric(cells.mask(absent), errors="coerce")
        elif one["kind"] == "date":
            out[name] = pd.to_datetime(cells.mask(absent), errors="coerce", format="%Y-%m-%d")
        else:
            out[name] = cells
    made = pd.DataFrame(out, index=data.index)
    made.attrs = {"title": TITLE, "labels": labels}
    if "data_status" in data and (data["data_status"] == "synthetic").any():
        print(SYNTHETIC, file=sys.stderr)
    return made


def answers_of(data, one):
    """Give the cells of one column as text; of several answers in one cell: 1 where the answer is among them, 0 where it is not."""
    if one["kind"] == "tick" and one["name"] in data:
        return as_text(data[one["name"]])
    if one["column"] not in data:
        return None
    cells = as_text(data[one["column"]])
    if one["kind"] != "tick":
        return cells
    told = cells.isna() | cells.isin(list(one["missing"]))
    chosen = cells.fillna("").map(lambda cell: "1" if one["code"] in cell.split() else "0")
    return cells.where(told, chosen)


def as_text(cells):
    """Give cells as text: whole numbers without a fraction, blanks as missing."""
    texts = cells.astype("string").str.strip().str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    return texts.mask(texts == "").astype(object)


def unique_words(words):
    """Give each code its own words."""
    seen = Counter(words.values())
    return {code: f"{text} ({code})" if seen[text] > 1 else text for code, text in words.items()}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: python {sys.argv[0]} answers.csv labelled.pkl")
    label_answers(read_answers(sys.argv[1])).to_pickle(sys.argv[2])
'''
