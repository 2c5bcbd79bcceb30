"""Names under which files may be uploaded."""

import pytest

from plugcli.sandbox.file import FileRefused
from plugcli.sandbox.workspace import check_name


@pytest.mark.parametrize(
    "name",
    [
        "data.csv",
        "a b/ü.csv",
        'it\'s "quoted" (1).txt',
        ".hidden",
        "-rf",
        "日本語",
        "x" * 255,
        "a..b",
        "note: x",
    ],
)
def test_usual_names_are_taken(name: str) -> None:
    """Spaces, umlauts, quotes, folders."""
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/../../b",
        "/abs",
        "a//b",
        "a/",
        "a/.",
        "a\0b",
        "a\nb",
        "\x1b[2J",
        "C:\\x",
        "C:x",
        "..\\x",
        "x" * 256,
        "ü" * 128,
        "a/" * 600 + "b",
        ".upload-1",
        "\ud800",
    ],
)
def test_hostile_names_are_refused(name: str) -> None:
    """With a sentence, before anything is sent anywhere."""
    with pytest.raises(FileRefused, match="is not a valid file name") as refused:
        check_name(name)
    assert refused.value.kind == "name"
    assert str(refused.value).isprintable()
