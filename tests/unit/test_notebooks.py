"""Every notebook runs from top to bottom."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path for path in (ROOT / "analyses").glob("*/*.ipynb") if ".ipynb_checkpoints" not in path.parts)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the notebook server's own libraries warn
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_notebook_runs(path: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("SURVEY_KIT_DATA", str(data_folder))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    shown = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    kinds = {kind for out in shown for kind in out.get("data", {})}
    assert {"text/html", "image/png"} <= kinds
    text = "".join(str(out) for out in shown)
    assert "0.4309" in text  # the Supreme Court in 2018/19, as LAPOP publishes it


def test_notebooks_hold_no_outputs() -> None:
    import json

    assert NOTEBOOKS
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
