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
