"""The folder that readers download runs where nothing else of the book is."""

import zipfile
from pathlib import Path

from notebooks import run


def test_downloaded_folder_runs_alone(html: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(html / "download" / "testing-realism.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "testing-realism"
    assert (folder / "requirements.txt").is_file()
    for notebook in (folder / "book").glob("*.ipynb"):
        done = run(notebook)
        assert done.returncode == 0, done.stdout
