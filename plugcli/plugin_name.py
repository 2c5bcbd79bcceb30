"""The name and e-mail address of a new plugin: how they are checked, and the names that are derived from them.

Both end up in files that a chat host reads and shows. A value that no host would accept is therefore refused here,
with the reason, before it is written anywhere.
"""

import re
import unicodedata
from pathlib import Path

from plugcli.errors import UsageError
from plugcli.sandbox import gate

# The limits of the strictest chat host (reference: approved plugins of the 2023 store).
NAME_FOR_HUMAN_CHARACTERS = 20
NAME_FOR_MODEL_CHARACTERS = 50
# Words that the store's review refused in names.
REFUSED_WORDS = ("plugin", "chatgpt", "openai")

# RFC 5321, 4.5.3.1.3: a path is 256 octets with its angle brackets.
EMAIL_CHARACTERS = 254
# A reserved name (RFC 2606), so that it cannot be mistaken for a real address.
EMAIL_TO_EDIT = "you@example.com"

_MARKS = (0x061C, 0x200E, 0x200F)

# Latin letters that Unicode does not take apart into a base letter and a mark.
_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"})  # noqa: RUF001


def checked_name(name: str) -> str:
    """Return `name` as it goes into `name_for_human`; raise UsageError with the reason if no host accepts it."""
    hint = f"a name is one line of 1 to {NAME_FOR_HUMAN_CHARACTERS} characters, such as Python Runner"
    for position, character in enumerate(name, 1):
        if what := _unprintable(character):
            raise UsageError(f"the name holds {what} (character {position})", hint=hint)
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not any(unicodedata.category(character)[0] in "LNPS" for character in name):
        raise UsageError("the name is empty: it has no visible character", hint=hint)
    for character in name:
        if gate.is_hidden(character) and ord(character) not in _MARKS:
            raise UsageError(f"the name holds U+{ord(character):04X}, which is not shown", hint=hint)
    if len(name) > NAME_FOR_HUMAN_CHARACTERS:
        raise UsageError(f"the name has {len(name)} characters, {_start(name)!r}", hint=hint)
    # Full-width and accented letters read the same, and the second is what name_for_model is made of.
    plain = unicodedata.normalize("NFKC", name).casefold() + " " + _ascii_words(name)
    for word in REFUSED_WORDS:
        if word in plain:
            raise UsageError(
                f"the name {name!r} holds {word!r}, which chat hosts do not accept in a name",
                hint="say what it does: people see the name among other plugins",
            )
    return name


def checked_email(email: str) -> str:
    """Return `email` without surrounding blanks; raise UsageError with the reason if it is not a valid address."""
    email = email.strip()
    hint = "an address such as ada@example.org; leave it out to fill it in later"
    if any(
        _unprintable(character) or character.isspace() or character in '<>"(),:;\\' for character in email
    ):
        raise UsageError(
            f"the e-mail address {_start(email)!r} contains a character that addresses cannot have", hint=hint
        )
    if not re.fullmatch(r"[^@]+@[^@.]+(\.[^@.]+)+", email):
        raise UsageError(f"{_start(email)!r} is not an e-mail address", hint=hint)
    if len(email) > EMAIL_CHARACTERS:
        raise UsageError(f"the e-mail address has {len(email)} characters", hint=hint)
    return email


def name_for_model(name: str, *, fallback: str) -> str:
    """Return what the model calls the plugin: [a-z][a-z0-9_]*, at most 50 characters.

    It is made of the Latin letters and digits of `name`. If there are none, or if the first is a digit, those of
    `fallback` come first.
    """
    words = _ascii_words(name)
    if not words[:1].isalpha():
        words = "_".join(filter(None, (_ascii_words(fallback), words)))
    return words[:NAME_FOR_MODEL_CHARACTERS].rstrip("_")


def folder_name(name: str, *, fallback: str) -> str:
    """Return the name of a new folder for a plugin called `name`: ASCII, no blanks, never hidden."""
    return name_for_model(name, fallback=fallback).replace("_", "-")


def name_of_folder(folder: Path) -> str | None:
    """Return the plugin's name that the name of `folder` suggests, or None if that is not a valid one."""
    words = re.split(r"[-_.\s]+", folder.absolute().name)
    try:
        return checked_name(" ".join(word[:1].upper() + word[1:] for word in words))
    except UsageError:
        return None


def _ascii_words(text: str) -> str:
    """Return the Latin letters and digits of `text` in lower case, its words joined by underscores."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_LATIN))
    return re.sub(r"[^a-z0-9]+", "_", "".join(c for c in letters if not unicodedata.combining(c))).strip("_")


def _start(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _unprintable(character: str) -> str:
    """Return what `character` is if it does not belong in one line of text, else an empty string."""
    code = ord(character)
    match unicodedata.category(character):
        case "Zl" | "Zp":
            return "a line break"
        case "Cc":
            return "a line break" if character in "\n\r\v\f\x85" else f"the control character U+{code:04X}"
        case "Cs":
            return "bytes that are not UTF-8"
    # Unicode's UAX 9, 2.1 to 2.5: these reorder the text around them. The marks do not, and right-to-left names need
    # them, as emoji need the joiner U+200D.
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        return f"the text direction control U+{code:04X}"
    if code == 0xFEFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE:
        return f"U+{code:04X}, which is not a character"
    return ""
