"""Which addresses belong to the public Internet, according to the registries, in every spelling.

The tables are IANA's, as of REGISTRIES_DATE; Python's own are as old as Python. An address that wraps another one is judged by
both. An address that no registry knows to be public is not public.
"""

import re
import unicodedata
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

REGISTRIES_DATE = "2025-10-09"

# https://www.iana.org/assignments/iana-ipv4-special-registry: block, what it is for, whether it is globally reachable ("N/A" is no).
IPV4_SPECIAL = (
    ("0.0.0.0/8", "this network", False),
    ("0.0.0.0/32", "this host on this network", False),
    ("10.0.0.0/8", "private use", False),
    ("100.64.0.0/10", "shared by a provider's customers", False),
    ("127.0.0.0/8", "loopback", False),
    ("169.254.0.0/16", "link local", False),
    ("172.16.0.0/12", "private use", False),
    ("192.0.0.0/24", "IETF protocol assignments", False),
    ("192.0.0.0/29", "IPv4 service continuity prefix", False),
    ("192.0.0.8/32", "IPv4 dummy address", False),
    ("192.0.0.9/32", "port control protocol anycast", True),
    ("192.0.0.10/32", "traversal using relays around NAT anycast", True),
    ("192.0.0.170/32", "NAT64/DNS64 discovery", False),
    ("192.0.0.171/32", "NAT64/DNS64 discovery", False),
    ("192.0.2.0/24", "documentation (TEST-NET-1)", False),
    ("192.31.196.0/24", "AS112-v4", True),
    ("192.52.193.0/24", "AMT", True),
    ("192.88.99.0/24", "deprecated 6to4 relay anycast", False),
    ("192.88.99.2/32", "6a44 relay anycast", False),
    ("192.168.0.0/16", "private use", False),
    ("192.175.48.0/24", "direct delegation AS112 service", True),
    ("198.18.0.0/15", "benchmarking", False),
    ("198.51.100.0/24", "documentation (TEST-NET-2)", False),
    ("203.0.113.0/24", "documentation (TEST-NET-3)", False),
    ("240.0.0.0/4", "reserved", False),
    ("255.255.255.255/32", "limited broadcast", False),
)
# https://www.iana.org/assignments/iana-ipv6-special-registry
IPV6_SPECIAL = (
    ("::1/128", "loopback address", False),
    ("::/128", "unspecified address", False),
    ("::ffff:0:0/96", "IPv4-mapped address", False),
    ("64:ff9b::/96", "IPv4-IPv6 translation", True),
    ("64:ff9b:1::/48", "IPv4-IPv6 translation for local use", False),
    ("100::/64", "discard-only", False),
    ("100:0:0:1::/64", "dummy prefix", False),
    ("2001::/23", "IETF protocol assignments", False),
    ("2001::/32", "Teredo", False),
    ("2001:1::1/128", "port control protocol anycast", True),
    ("2001:1::2/128", "traversal using relays around NAT anycast", True),
    ("2001:1::3/128", "DNS-SD service registration protocol anycast", True),
    ("2001:2::/48", "benchmarking", False),
    ("2001:3::/32", "AMT", True),
    ("2001:4:112::/48", "AS112-v6", True),
    ("2001:10::/28", "deprecated (ORCHID)", False),
    ("2001:20::/28", "ORCHIDv2", True),
    ("2001:30::/28", "drone remote ID", True),
    ("2001:db8::/32", "documentation", False),
    ("2002::/16", "6to4", False),
    ("2620:4f:8000::/48", "direct delegation AS112 service", True),
    ("3fff::/20", "documentation", False),
    ("5f00::/16", "segment routing SIDs", False),
    ("fc00::/7", "unique local", False),
    ("fe80::/10", "link local", False),
)
# Beyond those registries: multicast, and all of IPv6 that IANA has not assigned (iana-ipv6-unicast-address-assignments).
_MULTICAST = IPv4Network("224.0.0.0/4")
_UNICAST = IPv6Network("2000::/3")
_IPV4 = [(IPv4Network(block), is_reachable) for block, _, is_reachable in IPV4_SPECIAL]
_IPV6 = [(IPv6Network(block), is_reachable) for block, _, is_reachable in IPV6_SPECIAL]

_COMPATIBLE, _MAPPED = IPv6Network("::/96"), IPv6Network("::ffff:0:0/96")  # RFC 4291, 2.5.5
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765
_NAT64, _LOCAL_NAT64 = IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48")  # RFC 6052, RFC 8215
_6TO4, _TEREDO = IPv6Network("2002::/16"), IPv6Network("2001::/32")  # RFC 3056, RFC 4380
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214, 6.1: the upper half of the interface's part
# Where the four bytes of an IPv4 address lie behind a prefix of 48, 56, 64 and 96 bits; byte 8 is left out (RFC 6052, 2.2).
_PLACES = ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15))


def is_public(text: str) -> bool:
    """Whether the address `text` belongs to the public Internet, whatever it is wrapped in. An address with a zone (`%eth0`) does not."""
    number = number_of(text)
    return number is not None and is_public_number(number)


def is_public_number(number: IPv4Address | IPv6Address) -> bool:
    """Whether `number`, and every address that it wraps, belongs to the public Internet."""
    if isinstance(number, IPv4Address):
        return number not in _MULTICAST and _is_reachable(number)
    inner = wrapped(number)
    if not all(map(is_public_number, inner)):
        return False
    if number in _MAPPED:  # another spelling of the one that it wraps, and the system takes it for that
        return True
    return (number in _UNICAST or number in _NAT64) and _is_reachable(number)


def is_own(number: IPv4Address | IPv6Address) -> bool:
    """Whether `number` is this machine: a loopback or unspecified address, or another spelling of one."""
    if number.is_loopback or number.is_unspecified:
        return True
    if isinstance(number, IPv4Address):
        return False
    return any(inner.is_loopback or (inner.is_unspecified and number in _MAPPED) for inner in wrapped(number))


def number_of(text: str) -> IPv4Address | IPv6Address | None:
    """The address `text`, in any spelling that a resolver or a browser accepts: 0x7f.1, 0177.0.0.1, 2130706433 or 127.0.0.1."""
    if "%" in text:
        return None
    # What IDNA makes of a host: full-width digits and the other full stops.
    plain = unicodedata.normalize("NFKC", text).replace("\u3002", ".").strip()
    if ":" in plain:
        try:
            return IPv6Address(plain.removeprefix("[").removesuffix("]"))
        except ValueError:
            return None
    return _ipv4(plain.removesuffix("."))


def wrapped(number: IPv6Address) -> tuple[IPv4Address, ...]:
    """Every IPv4 address that `number` stands for or sends its packets to."""
    data = number.packed
    found: list[bytes] = []
    if any(number in each for each in (_MAPPED, _TRANSLATED, _NAT64)) or number in _COMPATIBLE:
        found.append(data[12:])
    if number in _LOCAL_NAT64:
        found += (bytes(data[place] for place in places) for places in _PLACES)
    if number in _6TO4:
        found.append(data[2:6])
    if number in _TEREDO:
        found += (data[4:8], bytes(0xFF - byte for byte in data[12:]))
    if int.from_bytes(data[8:12]) in _ISATAP:
        found.append(data[12:])
    return tuple(map(IPv4Address, found))


def _is_reachable(number: IPv4Address | IPv6Address) -> bool:
    """What the smallest registered block around `number` says; an address outside of all blocks is reachable."""
    blocks = _IPV4 if isinstance(number, IPv4Address) else _IPV6
    known = [(block.prefixlen, is_reachable) for block, is_reachable in blocks if number in block]
    return max(known, default=(0, True))[1]


def _ipv4(text: str) -> IPv4Address | None:
    """As the URL Standard's IPv4 parser and inet_aton read it: one to four numbers, the last of which fills the remaining bytes."""
    parts = text.split(".")
    numbers = [_number(part) for part in parts]
    if len(parts) > 4 or None in numbers:
        return None
    *first, last = [number for number in numbers if number is not None]
    if any(number > 255 for number in first) or last >= 256 ** (5 - len(parts)):
        return None
    return IPv4Address(sum(number << 8 * (3 - at) for at, number in enumerate(first)) + last)


def _number(part: str) -> int | None:
    """Decimal, hexadecimal (0x) or octal (0), as C reads it."""
    if re.fullmatch("0[xX][0-9a-fA-F]{0,16}", part):
        return int(part[2:] or "0", 16)
    if re.fullmatch("0[0-7]{1,22}", part):
        return int(part, 8)
    return int(part) if re.fullmatch("0|[1-9][0-9]{0,19}", part) else None
