"""Which addresses are of the public Internet: each row of the registries, each way to wrap one address in another, and each spelling."""

import ipaddress
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugcli.internet import (
    IPV4_SPECIAL,
    IPV6_SPECIAL,
    REGISTRIES_DATE,
    is_own,
    is_public,
    is_public_number,
    number_of,
    wrapped,
)

ROWS = [(ip_network(block), is_reachable) for block, _, is_reachable in (*IPV4_SPECIAL, *IPV6_SPECIAL)]
PRIVATE = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "0.0.0.0", "100.64.0.1"]
PUBLIC = "8.8.8.8"


def innermost(network: IPv4Network | IPv6Network, at: int) -> bool:
    """Whether no smaller block of the registries holds the address `at`."""
    number = network[at]
    return not any(number in each for each, _ in ROWS if each.prefixlen > network.prefixlen)


@pytest.mark.parametrize(("network", "is_reachable"), ROWS, ids=[str(network) for network, _ in ROWS])
def test_row_of_the_registries_decides(network: IPv4Network | IPv6Network, is_reachable: bool) -> None:
    """The first and the last address of a block, unless a smaller block within says something else."""
    ends = [network[at] for at in (0, -1) if innermost(network, at)]
    if network == ip_network("64:ff9b::/96"):
        ends = [IPv6Address("64:ff9b::808:808")]
    if network == ip_network("::ffff:0:0/96"):
        ends = [IPv6Address("::ffff:127.0.0.1")]  # what it wraps decides
    assert [is_reachable] * len(ends) == [is_public(str(number)) for number in ends]


def test_registries_say_no_less_than_pythons_tables() -> None:
    """What the running Python knows not to be public is not: its tables are the registries of some day."""
    constants = [*vars(ipaddress._IPv4Constants).values(), *vars(ipaddress._IPv6Constants).values()]  # type: ignore[attr-defined]
    private = [network for each in constants if isinstance(each, list) for network in each]
    networks = [each for each in private if isinstance(each, (IPv4Network, IPv6Network))]
    assert len(networks) > 20
    for network in networks:
        for number in (network[0], network[-1]):
            if not number.is_global and number not in ip_network("::ffff:0:0/96"):
                assert (number, False) == (number, is_public_number(number))


def test_registries_are_dated() -> None:
    """Whoever reads the tables sees how old they are."""
    assert date.fromisoformat(REGISTRIES_DATE) >= date(2025, 10, 9)


@pytest.mark.parametrize(
    "number",
    [
        "8.8.8.8", "1.1.1.1", "192.0.0.9", "192.0.1.1", "192.88.98.255", "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888",
        "2001:1::1", "2001:200::1", "3ffe::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "2606:4700::5efe:8.8.8.8",
    ],
)  # fmt: skip
def test_public_address_is_told(number: str) -> None:
    """Beside every block that is not, there is one that is."""
    assert is_public(number)


@pytest.mark.parametrize(
    "number",
    [
        "64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "192.0.0.8", "192.88.99.1", "5f00::1", "3fff::1", "3fff:fff::1", "100:0:0:1::1",
        "224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1", "fec0::1", "4000::1", "e000::1", "1::1", "200::1", "::8.8.8.8",
        "::ffff:0:8.8.8.8", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7", "fe80::1%eth0", "2606:4700::1111%eth0", "8.8.8.8%1", "",
        "no number",
        "8.8.8.8.8", "8.8.8.256", "8.8.8.-8", "08.8.8.8", "0x", "1_0.8.8.8", "8.8.8.8/8", "\u0668.8.8.8x", "9" * 5000,
    ],
)  # fmt: skip
def test_other_address_is_not_public(number: str) -> None:
    """What no registry calls public, and what is no address."""
    assert not is_public(number)


@pytest.mark.parametrize("inner", PRIVATE)
@pytest.mark.parametrize(
    "form",
    [
        "::ffff:{}", "::{}", "::ffff:0:{}", "64:ff9b::{}", "64:ff9b:1::{}", "2606:4700::5efe:{}", "2606:4700::200:5efe:{}",
        "2606:4700:1:2:0:5efe:{}",
    ],
)  # fmt: skip
def test_private_address_stays_private_in_any_wrapping(form: str, inner: str) -> None:
    """A name can have such an address, and what is asked there is the user's own network."""
    number = IPv6Address(form.format(inner))
    assert IPv4Address(inner) in wrapped(number)
    assert not is_public(str(number))


@pytest.mark.parametrize("inner", PRIVATE)
def test_private_address_stays_private_in_tunnels(inner: str) -> None:
    """6to4 has it behind 2002, Teredo as the server's and, turned over, as the client's."""
    high, low = divmod(int(IPv4Address(inner)), 1 << 16)
    for text in (
        f"2002:{high:x}:{low:x}::1",
        f"2001:0:{high:x}:{low:x}::f7f7:f7f7",
        f"2001:0:808:808:0:0:{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}",
    ):
        assert IPv4Address(inner) in wrapped(IPv6Address(text))
        assert not is_public(text)


@pytest.mark.parametrize("bits", [48, 56, 64, 96])
def test_local_translation_is_read_at_every_length_of_its_prefix(bits: int) -> None:
    """RFC 6052, 2.2: the four bytes follow the prefix, and byte 8 is not one of them."""
    data = bytearray(IPv6Address("64:ff9b:1::").packed)
    at = bits // 8
    for byte in IPv4Address("127.0.0.1").packed:
        at += at == 8
        data[at] = byte
        at += 1
    number = IPv6Address(bytes(data))
    assert IPv4Address("127.0.0.1") in wrapped(number)
    assert is_own(number)
    assert not is_public(str(number))


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0x0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
        "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "127\uff0e0.0.1", " 127.0.0.1 ", "[::ffff:127.0.0.1]",
    ],
)  # fmt: skip
def test_every_spelling_of_loopback_is_this_machine(text: str) -> None:
    """A resolver and a browser take them all."""
    number = number_of(text)
    assert number is not None
    assert is_own(number)
    assert not is_public(text)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 4),
    st.lists(st.sampled_from(["{}", "0x{:x}", "0{:o}"]), min_size=4, max_size=4),
)
def test_spelling_is_read_as_the_c_library_does(value: int, count: int, spellings: list[str]) -> None:
    """inet_aton: one to four numbers in three bases, of which the last fills what is left."""
    rest = 8 * (5 - count)
    firsts = [value >> 8 * (3 - at) & 0xFF for at in range(count - 1)]
    numbers = [*firsts, value & ((1 << rest) - 1)]
    text = ".".join(spelling.format(number) for spelling, number in zip(spellings, numbers, strict=False))
    assert IPv4Address(value) == number_of(text)


@given(st.integers(0, 2**128 - 1) | st.integers(0, 2**64), st.text(max_size=12))
def test_anything_is_public_or_not(value: int, text: str) -> None:
    """Nothing is raised, and only numbers are public."""
    assert is_public(str(IPv6Address(value))) in (True, False)
    assert is_public(text) in (True, False)
