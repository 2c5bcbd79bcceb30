"""What the README shows is what happens: its commands are run, and what they print is compared."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text()
PRIMES = re.search(r"\$ cat primes.py\n(.*?)\n\$ ", README, re.DOTALL)
BAD = {
    "ai-plugin.json": """{
  "schema_version": "v1",
  "name_for_human": "Things",
  "name_for_model": "things",
  "description_for_human": "Keeps a list of things.",
  "description_for_model": "Keeps a list of things. Call getThings to read it.",
  "auth": {"type": "api_key"},
  "api": {"type": "openapi", "url": "https://things.dev/openapi.yaml"},
  "logo_url": "https://things.dev/logo.png",
  "contact_email": "ada@things.dev",
  "legal_info_url": "https://things.dev/legal"
}
""",
    "openapi.yaml": """openapi: 3.1.0
info: {title: Things, version: "1"}
servers: [{url: "https://things.dev"}]
paths:
  /things:
    get:
      summary: Read the list
      responses: {"200": {description: The list}}
""",
}
GOOD = {
    "ai-plugin.json": BAD["ai-plugin.json"].replace("api_key", "none"),
    "openapi.yaml": BAD["openapi.yaml"].replace(
        "      responses",
        """      operationId: getThings
      parameters: [{name: limit, in: query, description: "How many, at most 100", schema: {type: integer}}]
      responses""",
    ),
}


def shown(command: str) -> str:
    """Return what the README prints under `$ command`."""
    found = re.search(rf"\$ {re.escape(command)}\n(.*?)(?=\n\$ |\n```)", README, re.DOTALL)
    assert found, f"the README does not show {command}"
    return found[1]


@pytest.mark.parametrize(
    "command",
    [
        "plugcli validate bad",
        "plugcli validate --for gpt-actions --for openai-tools --for dify bad",
        "plugcli validate --format github bad",
        "plugcli validate --diff bad",
        "plugcli prompt good",
        "plugcli exec primes.py 30",
        "plugcli exec --timeout 2 -c 'while True: pass'; echo $?",
    ],
)
def test_commands_print_what_the_readme_shows(command: str, tmp_path: Path) -> None:
    """Real output stays real."""
    for folder, files in (("bad", BAD), ("good", GOOD)):
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / name).write_text(text)
    assert PRIMES is not None
    (tmp_path / "primes.py").write_text(PRIMES[1])
    path = Path(sys.executable).parent
    done = subprocess.run(
        ["sh", "-c", f"exec 2>&1; {command}"],
        cwd=tmp_path,
        env={"PATH": f"{path}:/usr/bin:/bin", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == shown(command)


def test_readme_has_exactly_two_set_up_commands() -> None:
    """One that starts the main job and one that passes the tests; CI runs the same two."""
    blocks = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert len(blocks) == 1
    first, second = blocks[0].splitlines()
    assert first.endswith("plugcli serve --port 5003")
    assert second.endswith("pytest")


def test_texts_never_name_the_stranger() -> None:
    """`plugcli` on the package index is somebody else's: nothing here may lead there."""
    root = Path(__file__).parents[2]
    for path in [*root.glob("*.md"), *root.glob("templates/**/*"), *root.glob("plugcli/**/*.py")]:
        if path.is_file() and path.suffix != ".png":
            text = path.read_text()
            assert not re.search(
                r"(pip|pipx|uv)\s+(tool\s+)?(install|run)\s+plugcli\b|uvx\s+plugcli\b", text
            ), path
