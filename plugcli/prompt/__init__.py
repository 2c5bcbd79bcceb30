"""What the model reads about a plugin: the text that the host makes from the manifest and the OpenAPI document.

No host has published how it makes that text. We follow prompts that users captured from ChatGPT: for plugins in 2023, one of them from
the host's own developer panel together with the documents, and for GPT Actions in 2024. Whatever the host skips is left out and
listed. Nothing here judges the plugin, and nothing is fetched.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from plugcli.address import address
from plugcli.document import Document
from plugcli.openapi.operation import CALLED_METHODS, Operation, operations
from plugcli.prompt.shown import (
    LeftOut,
    ShownArgument,
    arguments,
    json_schema,
    properties,
    resolved,
    stripped,
)
from plugcli.prompt.typescript import MOST_PROPERTIES, TypeWriter

PromptHost = Literal["chatgpt", "gpt-actions"]
PROMPT_HOSTS: tuple[PromptHost, ...] = ("chatgpt", "gpt-actions")

# The prompt for Stripe's API has 1.5 million characters, which is more than any model reads.
MOST_CHARACTERS = 8_000_000

_TOOL = "This typescript tool allows you to call external API endpoints on {} over the internet.\n"


@dataclass(frozen=True)
class Size:
    """The size of a text. `tokens` is an estimate, because the tokenizers of the hosts' models are not available here.

    According to OpenAI, a token is about four characters of English (help.openai.com/en/articles/4936856). A character outside of
    ASCII is counted as one token, which is about right for Chinese and too much for Greek.
    """

    characters: int
    tokens: int

    @classmethod
    def of(cls, text: str) -> "Size":
        beyond_ascii = sum(not character.isascii() for character in text)
        return cls(len(text), beyond_ascii + -(-(len(text) - beyond_ascii) // 4))


@dataclass(frozen=True)
class Shown:
    """One operation, as the model reads it."""

    name: str
    title: str
    text: str


@dataclass(frozen=True)
class Prompt:
    """The whole text, the operations in it, and what was left out."""

    text: str
    operations: tuple[Shown, ...]
    left_out: tuple[LeftOut, ...]


def prompt(openapi: Document, manifest: Document | None, host: PromptHost) -> Prompt:
    """What the model reads on `host` about the plugin that these two documents describe."""
    left_out: list[LeftOut] = []
    if host == "gpt-actions":
        head, name = _head_of_actions(openapi, manifest, left_out)
    else:
        head, name = _head_of_plugin(manifest, left_out)
    shown = tuple(_operations(openapi, host, left_out))
    body = "".join(f"{each.text}\n" for each in shown)
    whole = f"{head}namespace {name} {{\n\n{body}}} // namespace {name}"
    return Prompt(whole, shown, tuple(left_out))


def _head_of_plugin(manifest: Document | None, left_out: list[LeftOut]) -> tuple[str, str]:
    """The text before the namespace, and the name of the namespace."""
    data = manifest.data if manifest else {}
    description, name = stripped(data.get("description_for_model")), stripped(data.get("name_for_model"))
    why = "the manifest has none" if manifest else "there is no manifest"
    if not description:
        left_out.append(LeftOut("description_for_model", why))
    if not name:
        left_out.append(LeftOut("name_for_model", f"{why}; the text says `plugin`"))
    return _comment(description), name or "plugin"


def _head_of_actions(
    openapi: Document, manifest: Document | None, left_out: list[LeftOut]
) -> tuple[str, str]:
    if manifest is not None:
        left_out.append(LeftOut("the manifest", "GPT Actions reads only the OpenAPI document"))
    servers = openapi.get("servers")
    urls = (
        [each.get("url") for each in servers if isinstance(each, dict)] if isinstance(servers, list) else []
    )
    host = next((found for url in urls if isinstance(url, str) and (found := address(url).host)), "")
    if not host:
        left_out.append(LeftOut("the host", "servers has no valid URL; the text says example.com"))
        host = "example.com"
    return _TOOL.format(host), f"{re.sub(r'[.-]', '_', host)}__jit_plugin"


def _operations(openapi: Document, host: PromptHost, left_out: list[LeftOut]) -> Iterator[Shown]:
    left_out += _parameters_of_paths(openapi)
    seen: set[str] = set()
    characters = 0
    for operation in operations(openapi):
        if characters > MOST_CHARACTERS:
            why = (
                f"the prompt is written out up to {MOST_CHARACTERS:,} characters; the host may show all of it"
            )
            left_out.append(LeftOut(f"{operation.title} and what follows", why))
            return
        taken = arguments(openapi, operation)
        if trouble := _trouble(operation, seen) or taken.trouble:
            left_out.append(LeftOut(operation.title, trouble))
            continue
        seen.add(operation.id)
        left_out += [LeftOut(f"{each.what} of {operation.title}", each.why) for each in taken.left_out]
        writer = TypeWriter(openapi, has_parentheses=host == "gpt-actions")
        members = [*map(_member, taken.shown, map(writer.write, (each.schema for each in taken.shown)))]
        answer = _answer(openapi, operation, writer) if host == "gpt-actions" else "any"
        left_out += _unwritten(operation, writer)
        given = "_: {\n" + "".join(members) + "}" if members else ""
        comment = _comment(
            stripped(operation.data.get("description")) or stripped(operation.data.get("summary"))
        )
        text = f"{comment}type {operation.id} = ({given}) => {answer};\n"
        characters += len(text)
        yield Shown(operation.id, operation.title, text)


def _trouble(operation: Operation, seen: set[str]) -> str:
    """Why the host skips the operation, or an empty string if it does not."""
    if operation.method not in CALLED_METHODS:
        return f"hosts do not call {operation.method.upper()}"
    if not operation.id:
        return "it has no operationId"
    return f"another operation has the operationId {operation.id} too" if operation.id in seen else ""


def _parameters_of_paths(openapi: Document) -> Iterator[LeftOut]:
    paths = openapi.data.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        if isinstance(item, dict) and item.get("parameters"):
            yield LeftOut(
                f"the parameters of {path}",
                "they are declared for the whole path, where the host does not look",
            )


def _member(argument: ShownArgument, type_: str) -> str:
    mark = "" if argument.is_required else "?"
    return f"{_comment(argument.description)}{argument.name}{mark}: {type_},\n"


def _comment(words: str) -> str:
    return "".join(f"// {line}\n" for line in words.splitlines())


def _answer(openapi: Document, operation: Operation, writer: TypeWriter) -> str:
    """The type of the answer: that of the JSON object under status 200, or else `any`."""
    responses: Any = operation.data.get("responses")
    schema = json_schema(openapi, responses.get("200")) if isinstance(responses, dict) else None
    return writer.write(schema) if properties(resolved(openapi, schema)) else "any"


def _unwritten(operation: Operation, writer: TypeWriter) -> Iterator[LeftOut]:
    for name in sorted(writer.repeated):
        yield LeftOut(
            f"the inside of {name} in {operation.title}", "it contains itself; a mark shows where it was cut"
        )
    if writer.cut:
        why = f"an operation's properties and choices are written out up to {MOST_PROPERTIES:,}; the host may show all of them"
        yield LeftOut(f"more of {operation.title}", why)
