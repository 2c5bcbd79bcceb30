"""Templates are found, rendered in memory, and written without overwriting or leaving a mess."""

import html
import json
import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from plugcli import plugin_name
from plugcli.errors import PlugcliError, UsageError
from plugcli.scaffold import Template, files, render, scaffold, templates

MANIFEST = ".well-known/ai-plugin.json"
HOSTILE = [
    '"',
    "'",
    "\\",
    "{{ name }}",
    "{% raw %}",
    "{#",
    "</title>",
    "&amp;",
    "#",
    ": ",
    "- ",
    "`",
    "*",
    "👩🚀",
]


def template(folder: Path, **contents: str) -> Template:
    """Make a template of files named as the keywords, with `_` for the first `.`."""
    folder.mkdir()
    for name, content in contents.items():
        Path(folder, name.replace("_", ".")).write_text(content)
    return Template(id="mine", summary="", default_name="Mine", folder=folder)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below `folder`: a file's content, a link's target, None for a folder."""
    found: dict[str, bytes | None] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = os.fsencode(path.readlink())
        else:
            found[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else None
    return found


@pytest.fixture(params=sorted(templates()))
def shipped(request: pytest.FixtureRequest) -> Template:
    return templates()[request.param]


@pytest.mark.slow
@settings(deadline=None)  # the machine may be busy
@given(name=st.lists(st.sampled_from(HOSTILE) | st.characters(), max_size=20).map("".join))
@pytest.mark.parametrize("template_id", sorted(templates()))
def test_any_name_is_refused_or_read_back_from_every_file(template_id: str, name: str) -> None:
    """Quotes, braces and emoji are text: they reach each format whole and change nothing else in it."""
    shipped = templates()[template_id]
    try:
        shown = plugin_name.checked_name(name)
    except UsageError:
        return
    rendered = render(shipped, {"name": name})
    plain = render(shipped, {"name": "Xyzzy"})

    manifest = json.loads(rendered[MANIFEST])
    assert manifest["name_for_human"] == shown
    assert {**manifest, "name_for_human": "Xyzzy", "name_for_model": "xyzzy"} == json.loads(plain[MANIFEST])
    document = yaml.safe_load(rendered["openapi.yaml"])
    assert document["info"].pop("title") == shown
    expected = yaml.safe_load(plain["openapi.yaml"])
    del expected["info"]["title"]
    assert document == expected
    assert rendered["legal.html"].decode() == plain["legal.html"].decode().replace(
        "Xyzzy", html.escape(shown)
    )
    assert len(rendered["README.md"].splitlines()) == len(plain["README.md"].splitlines())


def test_answers_reach_the_manifest(shipped: Template) -> None:
    """What the author says is what the host shows."""
    manifest = json.loads(render(shipped, {"name": "Höhe & Tiefe", "email": "ada@example.org"})[MANIFEST])
    assert manifest["name_for_human"] == "Höhe & Tiefe"
    assert manifest["name_for_model"] == "hohe_tiefe"
    assert manifest["contact_email"] == "ada@example.org"


def test_defaults_stand_in_for_what_is_missing_or_empty(shipped: Template) -> None:
    """`serve` without a folder renders without any answers; a question may be left empty."""
    assert render(shipped, {}) == render(shipped, {"name": "", "email": ""})
    manifest = json.loads(render(shipped, {})[MANIFEST])
    assert manifest["name_for_human"] == shipped.default_name
    assert manifest["contact_email"] == plugin_name.EMAIL_TO_EDIT


def test_unknown_answer_is_refused(shipped: Template) -> None:
    """A misspelt answer must not become a default in silence."""
    with pytest.raises(UsageError, match="e_mail"):
        render(shipped, {"e_mail": "ada@example.org"})


def test_files_are_those_that_render_gives(shipped: Template) -> None:
    """The files that `init` looks for must be the files that it writes."""
    assert files(shipped) == list(render(shipped, {}))


def test_leftovers_of_a_run_in_place_are_no_template(tmp_path: Path) -> None:
    """Whoever tries a template's code in place leaves caches behind; they must not reach users."""
    mine = template(tmp_path / "mine", plugin_py="x = 1\n", template_toml="summary = ''\n")
    Path(mine.folder, "__pycache__").mkdir()
    Path(mine.folder, "__pycache__", "plugin.pyc").write_bytes(b"\0")
    assert files(mine) == ["plugin.py"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ nmae }}", "nmae"),
        ("line\n{% if %}", "page.html.jinja:2"),
        ("{{ name.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_broken_template_is_named_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    """Who edits a template must hear which file is wrong, not read a traceback of the library."""
    mine = template(tmp_path / "mine")
    Path(mine.folder, "page.html.jinja").write_text(text)
    with pytest.raises(PlugcliError, match=r"page\.html\.jinja") as problem:
        render(mine, {})
    assert reason in problem.value.message


def test_format_without_an_escape_is_not_rendered(tmp_path: Path) -> None:
    """An answer written raw into code would be code: nothing is rendered that nobody escapes."""
    mine = template(tmp_path / "mine")
    Path(mine.folder, "plugin.py.jinja").write_text("NAME = '{{ name }}'\n")
    with pytest.raises(PlugcliError, match="no escape for its format"):
        render(mine, {})


def test_new_folder_holds_exactly_the_rendered_files(tmp_path: Path, shipped: Template) -> None:
    """What is written is what was rendered, with the folders above made too, and the list says so."""
    destination = tmp_path / "deep" / "down"
    written = scaffold(shipped, {}, destination)
    assert {name: content for name, content in tree(destination).items() if content is not None} == render(
        shipped, {}
    )
    assert written == [destination / name for name in render(shipped, {})]


def test_files_beside_it_stay(tmp_path: Path, shipped: Template) -> None:
    """A folder in use, such as a fresh git repository, is a place to start a plugin in."""
    tmp_path.joinpath(".git").mkdir()
    tmp_path.joinpath("LICENSE").write_text("mine")
    scaffold(shipped, {}, tmp_path)
    assert tmp_path.joinpath("LICENSE").read_text() == "mine"
    assert tmp_path.joinpath(MANIFEST).is_file()


def test_everything_in_the_way_is_named_and_nothing_is_written(tmp_path: Path, shipped: Template) -> None:
    """Somebody's work is there: all of it is named at once, and none of it is touched."""
    tmp_path.joinpath("README.md").write_text("mine")
    tmp_path.joinpath("plugin.py").symlink_to("nowhere")
    tmp_path.joinpath("logo.png").mkdir()
    tmp_path.joinpath("tests").write_text("a file, not a folder")
    before = tree(tmp_path)
    with pytest.raises(PlugcliError) as problem:
        scaffold(shipped, {}, tmp_path)
    assert problem.value.exit_code == 3
    assert problem.value.message.startswith(
        f"these files already exist in {tmp_path}: README.md, logo.png, plugin.py, tests; nothing"
    )
    assert "--force" in problem.value.hint
    assert tree(tmp_path) == before


def test_force_overwrites_what_is_in_the_way(tmp_path: Path, shipped: Template) -> None:
    """On purpose means on purpose; what is not part of the template stays."""
    scaffold(shipped, {"name": "Old"}, tmp_path)
    tmp_path.joinpath("mine.txt").write_text("mine")
    scaffold(shipped, {"name": "New"}, tmp_path, force=True)
    found = {name: content for name, content in tree(tmp_path).items() if content is not None}
    assert found == {**render(shipped, {"name": "New"}), "mine.txt": b"mine"}


def test_force_replaces_a_link_and_leaves_its_target(tmp_path: Path, shipped: Template) -> None:
    """A link can point anywhere, ~/.ssh included: --force is about this folder."""
    outside = tmp_path / "outside"
    outside.write_text("mine")
    destination = tmp_path / "plugin"
    destination.mkdir()
    destination.joinpath("README.md").symlink_to(outside)
    scaffold(shipped, {}, destination, force=True)
    assert outside.read_text() == "mine"
    assert not destination.joinpath("README.md").is_symlink()


@pytest.mark.parametrize("force", [False, True])
def test_folder_that_is_a_link_is_never_followed(tmp_path: Path, shipped: Template, force: bool) -> None:
    """`tests` may be a link to somebody else's tests."""
    outside = tmp_path / "outside"
    outside.mkdir()
    destination = tmp_path / "plugin"
    destination.mkdir()
    destination.joinpath("tests").symlink_to(outside)
    with pytest.raises(PlugcliError, match="tests; nothing was written"):
        scaffold(shipped, {}, destination, force=force)
    assert tree(destination) == {"tests": os.fsencode(outside)}
    assert tree(outside) == {}


def test_force_overwrites_no_folder_and_no_pipe(tmp_path: Path, shipped: Template) -> None:
    """A folder may hold anything, and writing to a pipe waits for ever."""
    tmp_path.joinpath("README.md").mkdir()
    os.mkfifo(tmp_path / "plugin.py")
    with pytest.raises(PlugcliError, match=r"README\.md, plugin\.py; nothing was written"):
        scaffold(shipped, {}, tmp_path, force=True)


@contextmanager
def disk_that_takes(file_bytes: int) -> Iterator[None]:
    """Let no file grow beyond `file_bytes`: a full disk that needs no disk and no root."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_failure_on_the_way_takes_back_what_was_written(tmp_path: Path, shipped: Template) -> None:
    """Half a plugin is worse than none: after a full disk there is not even the new folder."""
    with disk_that_takes(4000), pytest.raises(PlugcliError, match=r"File too large.*nothing was changed"):
        scaffold(shipped, {}, tmp_path / "deep" / "down")
    assert tree(tmp_path) == {}


def test_failure_on_the_way_gives_back_what_force_replaced(tmp_path: Path, shipped: Template) -> None:
    """--force gives up the old files for new ones, not for nothing."""
    for name in render(shipped, {}):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"my {name}")
    before = tree(tmp_path)
    with disk_that_takes(4000), pytest.raises(PlugcliError, match="nothing was changed"):
        scaffold(shipped, {}, tmp_path, force=True)
    assert tree(tmp_path) == before


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Give up root's right to write everywhere, if this is root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_folder_that_may_not_be_written_to_is_named(shipped: Template) -> None:
    """The reason and the place are all a user needs to help themselves."""
    with tempfile.TemporaryDirectory() as home:  # not tmp_path, which only its owner may enter
        Path(home).chmod(0o555)
        with as_an_ordinary_user(), pytest.raises(PlugcliError, match="Permission denied") as problem:
            scaffold(shipped, {}, Path(home, "mine"))
        assert home in problem.value.message
        assert tree(Path(home)) == {}


def test_destination_that_cannot_be_a_folder_is_refused(tmp_path: Path, shipped: Template) -> None:
    """Whatever is typed as FOLDER, the answer is a sentence with the place in it."""
    file = tmp_path / "file"
    file.write_text("mine")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    dangling = tmp_path / "dangling"
    dangling.symlink_to("nowhere")
    before = tree(tmp_path)
    for destination in (file, file / "below", loop, loop / "below", dangling, tmp_path / ("x" * 300)):
        for force in (False, True):
            with pytest.raises(PlugcliError) as problem:
                scaffold(shipped, {}, destination, force=force)
            assert str(destination) in problem.value.message
    assert tree(tmp_path) == before
