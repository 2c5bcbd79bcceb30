"""Rows for sockets: their buffers, their stages, their options, and what is on its way through them."""

from .row import MIB, Bounded, Denied, Killed, Row, both, each

_QUEUED = """
def queued(*sockets):
    # SO_MEMINFO: what waits to be read, and what waits to be sent; a unix socket has the latter elsewhere.
    told = [struct.unpack('9I', each.getsockopt(socket.SOL_SOCKET, 55, 36)) for each in sockets]
    return sum(numbers[0] + max(numbers[2], numbers[5]) for numbers in told)
def fill(*ends, attempts):
    for end in ends:
        end.setblocking(False)
        for attempt in range(attempts):
            try:
                while True: end.send(bytes(1 << 20))
            except BlockingIOError: time.sleep(0.002)
"""
_OPTION = """
def option(level, name, value):
    try: {socket}.setsockopt(level, name, value)
    except OSError as e: denied(e.errno)
    else: held(1)
"""


def _option(id: str, what: str, counted: str, code: str, *errors: str, make: str = "socket.socket()") -> Row:
    """Return the row of an option that is denied."""
    attack = _OPTION.format(socket=make) + code
    return Row(id, what, counted, "denied", "denied", attack, wanted=1, at=both(Denied(errors)))


ROWS = (
    Row(
        "unix-streams",
        "buffers of unix sockets, of a size that the code asks for (SO_SNDBUF)",
        "both groups; net.core.wmem_max for a socket",
        "the size stays as it is; the group",
        "the size stays as it is, and each counts with it",
        _QUEUED
        + r"""
def take(k):
    pairs = []
    for i in range(6):
        pairs.append(socket.socketpair())
        here, there = pairs[-1]
        here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
        here.setblocking(False)
        try:
            while True: here.send(bytes(65536))
        except BlockingIOError: pass
        held(queued(here))
    return pairs
crowd(4, take)
""",
        wanted=140 * MIB,
        at=both(Bounded(most=24 * MIB)),
    ),
    Row(
        "tcp-buffers",
        "what TCP connections hold that nobody reads",
        "version 2 group; version 1 apart, once memory.kmem.tcp.limit_in_bytes is set; net.ipv4.tcp_mem for the machine",
        "the group's limit for TCP",
        "each counts with the most that it can hold",
        _QUEUED
        + r"""
def take(k):
    server, kept = socket.create_server(('127.0.0.1', 0)), []
    for i in range(20):
        ends = socket.create_connection(server.getsockname()), server.accept()[0]
        kept.append(ends)
        fill(*ends, attempts=4)
        held(queued(*ends))
    return kept
crowd(4, take)
""",
        wanted=160 * MIB,
        bytes_each=1,
        at=both(Bounded()),
    ),
    Row(
        "tcp-buffers-asked-for",
        "the same, of a size that the code asks for",
        "as above; net.core.rmem_max and wmem_max for a socket",
        "the size stays as it is; as above",
        "the size stays as it is, and each counts with it",
        _QUEUED
        + r"""
def sized():
    new = socket.socket()
    for name in (socket.SO_RCVBUF, socket.SO_SNDBUF): new.setsockopt(socket.SOL_SOCKET, name, 8 << 20)
    return new
def take(k):
    server, kept = sized(), []
    server.bind(('127.0.0.1', 0))
    server.listen()
    for i in range(3):
        here = sized()
        here.connect(server.getsockname())
        ends = here, server.accept()[0]
        kept.append(ends)
        fill(*ends, attempts=8)
        held(queued(*ends))
    return kept
crowd(4, take)
""",
        wanted=160 * MIB,
        bytes_each=1,
        at=both(Bounded(most=24 * MIB)),
    ),
    Row(
        "tcp-unaccepted",
        "TCP connections that nobody has accepted, with their other end closed: made on nobody's behalf",
        "nobody; net.core.somaxconn for a listener",
        "a queue of 128, and their number",
        "a queue of 128, and each counts with the most that it can hold",
        r"""
def take(k):
    servers = []
    for i in range(60):
        servers.append(socket.socket())
        servers[-1].bind(('127.0.0.1', 0))
        servers[-1].listen(4096)
        made = 0
        for j in range(400):
            with socket.socket() as client:
                client.settimeout(0.1)
                try: client.connect(servers[-1].getsockname())
                except TimeoutError: break
                made += 1
        held(made)
    return servers
crowd(2, take)
""",
        wanted=40_000,
        bytes_each=4096,
        at=both(Killed()),
    ),
    Row(
        "tcp-orphans",
        "TCP connections that were closed with what they had to send",
        "as tcp-buffers; net.ipv4.tcp_max_orphans for the machine",
        "the group's limit for TCP, and their number",
        "each counts with the most that it can hold",
        r"""
def take(k):
    servers = []
    for i in range(8):
        servers.append(socket.socket())
        servers[-1].bind(('127.0.0.1', 0))
        servers[-1].listen(4096)
        sent = 0
        for j in range(20):
            with socket.socket() as client:
                client.settimeout(0.2)
                try:
                    client.connect(servers[-1].getsockname())
                    client.setblocking(False)
                    while True: sent += client.send(bytes(65536))
                except (BlockingIOError, TimeoutError): pass
        held(sent)
    return servers
crowd(2, take)
""",
        wanted=160 * MIB,
        bytes_each=1,
        at=both(Bounded()),
    ),
    Row(
        "tcp-lingering",
        "TCP connections that are over, for a minute (TIME_WAIT)",
        "nobody; net.ipv4.tcp_max_tw_buckets for a network namespace",
        "1,024 of them",
        "1,024 of them",
        r"""
def take(k):
    for i in range(2):
        with socket.socket() as server:
            server.bind(('127.0.0.1', 0))
            server.listen(64)
            for j in range(4000):
                with socket.create_connection(server.getsockname()):
                    other = server.accept()[0]
                other.close()
crowd(2, take)
words = open('/proc/net/sockstat').read().split()
held(int(words[words.index('tw') + 1]))
""",
        wanted=12_000,
        bytes_each=256,
        at=both(Bounded(most=1100)),
    ),
    Row(
        "udp",
        "datagrams that nobody reads, in buffers of a size that the code asks for",
        "version 2 group; net.ipv4.udp_mem for the machine",
        "the size stays as it is, and what waits is counted",
        "the size stays as it is, and each counts with it",
        _QUEUED
        + r"""
def take(k):
    receivers = []
    for i in range(6):
        receivers.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        receivers[-1].bind(('127.0.0.1', 0))
        receivers[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for j in range(120): sender.sendto(bytes(60000), receivers[-1].getsockname())
        held(queued(receivers[-1]))
    return receivers
crowd(4, take)
""",
        wanted=160 * MIB,
        bytes_each=1,
        at=both(Bounded(most=16 * MIB)),
    ),
    Row(
        "udp-sockets",
        "the same in many sockets of the usual size",
        "version 2 group; net.ipv4.udp_mem for the machine",
        "what waits is counted",
        "each counts with the most that it can hold",
        _QUEUED
        + r"""
def take(k):
    receivers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for i in range(200):
            receivers.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            receivers[-1].bind(('127.0.0.1', 0))
            for j in range(200): sender.sendto(bytes(1200), receivers[-1].getsockname())
            held(queued(receivers[-1]))
    return receivers
crowd(4, take)
""",
        wanted=150 * MIB,
        bytes_each=1,
        at=both(Killed()),
    ),
    Row(
        "unix-unaccepted",
        "unix connections that nobody has accepted, with what was sent, and their other end closed",
        "both groups; net.core.somaxconn for a listener",
        "the group",
        "each counts with the most that it can hold",
        r"""
def take(k):
    servers = []
    for i in range(16):
        servers.append(socket.socket(socket.AF_UNIX))
        servers[-1].bind('')
        servers[-1].listen(4096)
        servers[-1].setblocking(False)
        sent = 0
        for j in range(20):
            with socket.socket(socket.AF_UNIX) as client:
                client.setblocking(False)
                try:
                    client.connect(servers[-1].getsockname())
                    while True: sent += client.send(bytes(32768))
                except BlockingIOError: pass
        held(sent)
    return servers
crowd(4, take)
""",
        wanted=160 * MIB,
        at=both(Killed()),
    ),
    Row(
        "sockets-in-mappings",
        "sockets without a descriptor, kept by a mapping each",
        "both groups",
        "the group",
        "counted by number, not by descriptor",
        r"""
def take(k):
    for i in range(20000):
        with socket.socket() as new:
            if libc.mmap(None, 4096, READ, SHARED, new.fileno(), 0) == 2**64 - 1: return denied()
        if i % 1000 == 999: held(1000)
crowd(4, take)
""",
        wanted=80_000,
        at=both(Killed()),
    ),
    Row(
        "multicast-groups",
        "groups that a socket joins, 20 each",
        "net.ipv4.igmp_max_memberships and net.core.optmem_max for a socket; nobody for the groups themselves",
        "the number of sockets",
        "the number of sockets",
        r"""
def take(k):
    sockets = []
    for i in range(200):
        sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for j in range(20):
            group = bytes([225, k, i, j, 127, 0, 0, 1])
            sockets[-1].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        held(20)
    return sockets
crowd(4, take)
""",
        wanted=16_000,
        bytes_each=512,
        at=both(Bounded()),
    ),
    Row(
        "descriptors-in-flight",
        "descriptors on their way through sockets (SCM_RIGHTS)",
        "a number of the user (unix_inflight), against the sender's RLIMIT_NOFILE",
        "a uid of its own; RLIMIT_NOFILE",
        "a share of 16, which leaves the user's others theirs",
        r"""
pairs = []
try:
    for i in range(2):
        pairs.append(socket.socketpair())
        ends = array.array('i', [0] * 250)
        pairs[-1][0].sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, ends)])
        held(250)
except OSError as e: denied(e.errno)
time.sleep(2)
""",
        wanted=500,
        at=each(root=Bounded(most=512), user=Killed("descriptors on their way through sockets")),
    ),
    Row(
        "descriptors-in-flight-in-turns",
        "descriptors in the queue of a socket that is on its way itself, a new one four times a second",
        "a number of the user (unix_inflight), against the sender's RLIMIT_NOFILE",
        "a uid of its own; RLIMIT_NOFILE",
        "a price for each such socket, and 5 seconds in which there is always one",
        r"""
def hide(ends):
    near, far = socket.socketpair()
    near.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', ends))])
    carrier = socket.socketpair()
    carrier[0].sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [far.fileno()]))])
    return near, carrier

def find(hidden):
    near, carrier = hidden
    _, (number,), _, _ = socket.recv_fds(carrier[1], 1, 1)
    with socket.socket(fileno=number) as far:
        _, ends, _, _ = socket.recv_fds(far, 1, 250)
    near.close()
    for each in carrier: each.close()
    return list(ends)

hidden = hide([0] * 50)
held(50)
for turn in range(26):
    time.sleep(0.25)
    ends = find(hidden)
    hidden = hide(ends)
    for each in ends: os.close(each)
""",
        wanted=50,
        at=each(root=Bounded(most=50), user=Killed("descriptors on their way through sockets")),
    ),
    _option(
        "filters",
        "programs that look at what comes to a socket (SO_ATTACH_FILTER)",
        "net.core.optmem_max for a socket; net.core.bpf_jit_limit for the machine",
        r"""
program = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 65535))
option(socket.SOL_SOCKET, 26, struct.pack('HxxxxxxP', 1, ctypes.addressof(program)))
""",
        "EPERM",
    ),
    _option(
        "reuseport-filters",
        "programs that choose a socket (SO_ATTACH_REUSEPORT_CBPF)",
        "as filters",
        r"""
program = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))
shared = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
shared.bind(('127.0.0.1', 0))
option(socket.SOL_SOCKET, 51, struct.pack('HxxxxxxP', 1, ctypes.addressof(program)))
""",
        "EPERM",
        make="shared",
    ),
    _option(
        "zero-copy",
        "the code's own pages on their way through a socket (SO_ZEROCOPY)",
        "RLIMIT_MEMLOCK, of the user",
        "option(socket.SOL_SOCKET, 60, 1)",
        "EOPNOTSUPP",
    ),
    _option(
        "flow-labels",
        "flow labels of IPv6, of which the machine has 4,096",
        "a number of the machine",
        r"""
asked = socket.inet_pton(socket.AF_INET6, '::1') + struct.pack('!I', 0) + struct.pack('BBHHHxxxx', 0, 1, 1, 6, 6)
option(41, 32, asked)
""",
        "ENOPROTOOPT",
        make="socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    ),
    _option(
        "signed-segments",
        "keys for signed TCP segments (TCP_MD5SIG): a module of the host's, and keys",
        "net.core.optmem_max for a socket",
        r"""
peer = struct.pack('HH4s120x', 2, 0, bytes([127, 0, 0, 1]))
option(socket.IPPROTO_TCP, 14, peer + struct.pack('BBHI80s', 0, 0, 4, 0, b'abcd'))
""",
        "ENOPROTOOPT",
    ),
    _option(
        "passed-pidfds",
        "pidfds that the kernel adds to a message (SO_PASSPIDFD): of plugcli itself, where it is the other end",
        "nobody",
        "option(socket.SOL_SOCKET, 76, 1)",
        "ENOPROTOOPT",
        make="socket.socket(socket.AF_UNIX)",
    ),
    Row(
        "peer-pidfds",
        "a pidfd of whoever is at the other end of a socket (SO_PEERPIDFD)",
        "nobody",
        "denied",
        "denied",
        r"""
try: socket.socketpair()[0].getsockopt(socket.SOL_SOCKET, 77)
except OSError as e: denied(e.errno)
else: held(1)
""",
        wanted=1,
        at=both(Denied(("ENOPROTOOPT",))),
    ),
    Row(
        "unix-sockets",
        "buffers of unix sockets, streams and datagrams, of the usual size",
        "both groups",
        "the group",
        "each counts with the most that it can hold",
        elsewhere="test_memory.py::test_whole_tree_stays_within_the_limit",
    ),
    Row(
        "other-families",
        "netlink, packet, vsock and all other families",
        "nobody, mostly",
        "denied",
        "denied",
        elsewhere="test_no_network.py::test_only_three_families_of_sockets_can_be_made",
    ),
)
