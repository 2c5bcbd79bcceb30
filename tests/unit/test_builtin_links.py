"""Addresses of files: each opens one file, and nothing that was not written by us opens any."""

import pytest

from plugcli.builtin.python.links import FileLink, Links

NAMES = [
    "data.csv",
    "a b/ü.csv",
    "quote\"'.txt",
    "new\nline",
    "\udcc3.txt",
    "-rf",
    "%41",
    "a?b#c",
    "\u202egnp.exe",
    "a" * 255,
]


@pytest.mark.row("F15")
@pytest.mark.parametrize("name", NAMES)
def test_address_leads_back_to_its_file(name: str) -> None:
    """Whatever the code called it, byte for byte, and in characters that any client sends."""
    links = Links()
    path = links.path(FileLink("handle", name))
    assert links.read(path.encode("ascii")) == FileLink("handle", name)


def test_spelling_of_the_escapes_does_not_matter() -> None:
    """Clients write them their own way; `%2F` is what a host makes of a slash in a parameter."""
    links = Links()
    path = links.path(FileLink("handle", "a b/ü"))
    for spelled in (path.replace("%C3", "%c3"), path.replace("a%20b/", "%61%20b%2F")):
        assert links.read(spelled.encode()) == FileLink("handle", "a b/ü")


def test_address_of_one_file_opens_no_other() -> None:
    """Not another name, not another session, not with a piece of the signature, not under another key."""
    links = Links()
    path = links.path(FileLink("handle", "a.csv"))
    capability = path.removesuffix("/a.csv")
    handle, _, signature = capability.rpartition(".")
    for wrong in (
        capability + "/b.csv",
        capability + "/a.csv/",
        capability + "/a.csv%00",
        capability + "//a.csv",
        capability + "/",
        capability,
        f"{handle}x.{signature}/a.csv",
        f"{handle}.{signature[:-1]}/a.csv",
        f"{handle}./a.csv",
        f"{handle}/a.csv",
        "/files/./a.csv",
        "/files//a.csv",
        "/files/",
        "/execute",
        "",
        f"{handle}.%FF%00{signature}/a.csv",
    ):
        assert links.read(wrong.encode()) is None, wrong
    assert Links().read(path.encode()) is None


def test_address_is_read_by_whoever_has_the_key() -> None:
    """Several servers of one engine hand out addresses for each other, also after a restart."""
    path = Links(b"k" * 32).path(FileLink("handle", "a.csv")).encode()
    assert Links(b"k" * 32).read(path) == FileLink("handle", "a.csv")
    assert Links(b"l" * 32).read(path) is None


def test_parts_of_an_address_do_not_run_together() -> None:
    """A session with a name that begins like another's must not stand in for it."""
    links = Links()
    signatures = {
        links.path(FileLink(handle, name)).split("/")[2].rpartition(".")[2]
        for handle, name in (("ab", "c"), ("a", "bc"), ("a", "b/c"), ("abc", ""))
    }
    assert len(signatures) == 4
    assert {len(each) for each in signatures} == {32}
