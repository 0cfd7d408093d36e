"""The notebooks run from top to bottom, and say the same figures as the command line."""

import ast
import json
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

from coverage.cli import main

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@cache
def run(path):
    """Return a notebook after it ran in a kernel of this environment."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    return notebook


def outputs(notebook, source):
    """Return the outputs of the one cell whose source holds a text."""
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and source in cell.source]
    return cell.outputs


def test_the_kernel_is_the_one_of_this_environment():
    assert Path(KernelSpecManager().get_kernel_spec("python3").resource_dir).is_relative_to(sys.prefix)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path):
    cells = [cell for cell in run(path).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_notebooks_are_kept_without_their_outputs():
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert cells
        assert not any(cell.outputs or cell.execution_count for cell in cells), path.name


def test_the_notebook_gives_the_figures_of_the_command_line(tmp_path):
    assert main(["demo", "--out", str(tmp_path)]) == 0
    told = json.loads((tmp_path / "city.json").read_text("utf-8"))
    (shown,) = outputs(run(NOTEBOOKS[0]), 'today.summary()["city"]')
    assert ast.literal_eval(shown["data"]["text/plain"]) == told["city"]
    (line,) = outputs(run(NOTEBOOKS[0]), "today.headline")
    assert f"{told['headline']['value']:.1%} / 20%" in line["text"]


def test_the_notebook_draws_its_map_without_the_network():
    (shown,) = outputs(run(NOTEBOOKS[0]), "cov.result_map")
    page = shown["data"]["text/html"]
    assert "leaflet" in page
    assert "https://cdn" not in page


VALIDATION = next(path for path in NOTEBOOKS if path.stem.endswith("_validation"))


def told(notebook):
    """Return what a notebook prints."""
    texts = [output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(texts)


def figures(notebook):
    """Return the drawings of a notebook."""
    found = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    return [data["image/svg+xml"] for data in found if "image/svg+xml" in data]


@pytest.mark.usefixtures("reference")
def test_the_notebook_of_validation_draws_every_case():
    notebook = run(VALIDATION)
    (shown,) = outputs(notebook, "summary = judged.groupby")
    assert all(model in shown["data"]["text/html"] for model in ("p1812", "p2108", "p2109", "ehata", "itm"))
    assert len(figures(notebook)) == 3
    assert "No published cases" not in told(notebook)


@pytest.mark.slow
def test_the_notebook_of_validation_says_what_it_skips(tmp_path, monkeypatch):
    monkeypatch.setenv("PHUSONG_REFERENCE", str(tmp_path))
    notebook = run.__wrapped__(VALIDATION)
    assert f"No published cases in {tmp_path}" in told(notebook)
    assert len(figures(notebook)) == 2
