"""The documents of real plugins and of large APIs: GPT Actions' parser takes one exactly where the library that prints its messages does.

The files are read from `../shared/corpus` beside the repository, and none is kept here.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openapi_pydantic.v3.v3_1 import OpenAPI
from pydantic import ValidationError

from plugcli.document import Document, document_or_problem
from plugcli.hosts import all_hosts
from plugcli.openapi.specification import faults_for_parser

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="no ../shared/corpus beside this repository")


def documents(archive_name: str) -> Iterator[Document]:
    """Every file of the archive that is an object in JSON or YAML, and no manifest."""
    with tarfile.open(CORPUS / archive_name) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is None or member.name.endswith(("ai-plugin.json", "source.txt")):
                continue
            document, _ = document_or_problem(content.read(), member.name)
            if document is not None:
                yield document


@pytest.mark.parametrize(("archive", "at_least"), [("plugins.tar.gz", 480), ("openapi.tar.xz", 4)])
def test_verdict_on_real_documents_is_that_of_the_library(archive: str, at_least: int) -> None:
    """People break documents in ways that no table of mistakes has; a false verdict there is one that somebody gets."""
    schema = all_hosts()["gpt-actions"].structure
    assert schema is not None
    number, disagreements = 0, []
    for document in documents(archive):
        number += 1
        try:
            OpenAPI.model_validate({**document.data, "openapi": "3.1.0"})
            is_taken = True
        except ValidationError:
            is_taken = False
        if is_taken == bool(faults_for_parser(document, schema)):
            disagreements.append(document.name)
    assert [] == disagreements
    assert number >= at_least
