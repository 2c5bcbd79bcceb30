"""Each served document against its server, by schemathesis: a short run of `python -m tests.conformance`."""

from pathlib import Path

import pytest
import yaml

from plugcli.scaffold import scaffold, templates
from tests.conformance import LISTS, SHORT, call_all, schemathesis
from tests.e2e.serving import serving

SHORTLY = ("--seed", "1", "--max-examples", "8")
ONE = ("--include-operation-id", "deleteTodo", "--phases", "coverage,fuzzing")


@pytest.mark.parametrize("name", SHORT)
def test_document_and_server_agree(name: str, tmp_path: Path) -> None:
    """Hosts, clients and models go by the document: what it takes works, what it does not is refused, as it says."""
    outcome = call_all(SHORT[name], tmp_path, *SHORTLY)
    assert outcome.is_clean, outcome.report
    assert outcome.calls > 100, outcome.report


def test_disagreement_is_found(tmp_path: Path) -> None:
    """The same run finds a bound that is missing: when it finds nothing, there is nothing."""
    scaffold(templates()["todo"], {}, tmp_path / "plugin")
    document = tmp_path / "plugin/openapi.yaml"
    told = yaml.safe_load(document.read_text())
    [_, index] = told["paths"]["/todos/{username}"]["delete"]["parameters"]
    del index["schema"]["maximum"]
    document.write_text(yaml.safe_dump(told))
    with serving(tmp_path, tmp_path / "plugin") as server:
        outcome = schemathesis(f"{server.url}/openapi.json", tmp_path, [LISTS], *SHORTLY, *ONE)
    assert not outcome.is_clean
    assert "Schema-valid request rejected" in outcome.report
