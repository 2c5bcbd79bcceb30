"""Where the folders of jails without mounts may be."""

from pathlib import Path

import pytest

from plugcli.sandbox.jail import folders


def test_folder_for_temporary_files_must_not_be_where_all_code_may_read(tmp_path: Path) -> None:
    """Landlock's rules add up along a path: nothing could take away again what one jail may read of another."""
    (tmp_path / "venv" / "tmp").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "venv" / "tmp")
    for root in (tmp_path / "venv" / "tmp", link):
        with pytest.raises(folders.NoFolder, match="which all code may read: set TMPDIR to another folder"):
            folders.make_top(str(root), "plugcli-1", [str(tmp_path / "venv")])
    assert list((tmp_path / "venv" / "tmp").iterdir()) == []
