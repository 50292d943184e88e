"""Every notebook runs from top to bottom."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path for path in (ROOT / "analyses").glob("*/*.ipynb") if ".ipynb_checkpoints" not in path.parts)
REHEARSED = ROOT / "analyses" / "kazakhstan" / "from_frame_to_weights.ipynb"


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the notebook server's own libraries warn
@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path != REHEARSED], ids=lambda path: f"{path.parent.name}/{path.name}"
)
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


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the notebook server's own libraries warn
def test_the_rehearsal_runs_from_frame_to_weights() -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(REHEARSED, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(REHEARSED.parent)}}
    ).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        shown = "".join(str(out) for out in cell.outputs if out.output_type != "stream" or out.name == "stdout")
        assert "nobody was interviewed" in shown or "image/png" in shown, cell.source
    assert 'set_title("Simulated: nobody was interviewed")' in "".join(cell.source for cell in cells)
    text = "".join(str(cell.outputs) for cell in cells)
    assert "220" in text
    assert "intervals hold the truth" in text


def test_notebooks_hold_no_outputs() -> None:
    import json

    assert NOTEBOOKS
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
