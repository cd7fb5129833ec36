"""Promise 6: no network. A program gets an ordinary OSError at once."""

import os
import secrets
import socket

import pytest
from hostile import NEEDS_ROOT
from programs import Program, named, policy
from residents import resident

pytestmark = NEEDS_ROOT


def options_of_the_policy(call):
    """Those of level SOL_SOCKET, which is the only one with any."""
    return [value for rule in policy() if rule.call == call for index, _, value in rule.tests if index == 2]


PROGRAMS = [
    Program("sockets of every family and kind", """
        def main():
            made, refused = [], set()
            for family in range(64):
                for kind in (1, 2, 3, 4, 5, 6, 10, 1 | 0o4000, 1 | 0o2000000):
                    end = call(41, family, kind, 0)
                    if isinstance(end, int): made.append(family)
                    else: refused.add((family in (2, 10), end))
            return [sorted(set(made)), sorted(refused)]
        """, [[1], [[False, "EPERM"], [False, "ESOCKTNOSUPPORT"], [True, "ENETUNREACH"]]]),
    Program("sockets of every protocol", """
        def main():
            protocols = dict(ICMP=1, IGMP=2, TCP=6, UDP=17, DCCP=33, GRE=47, ESP=50, ICMPV6=58, SCTP=132, UDPLITE=136,
                             RAW=255, MPTCP=262, SMC=256)
            ends = {call(41, family, kind, protocol) for family in (2, 10) for kind in (1, 2, 3, 5)
                    for protocol in protocols.values()}
            others = dict(NETLINK=16, PACKET=17, VSOCK=40, ALG=38, XDP=44, SMC=43, TIPC=30, CAN=29, RDS=21, KEY=15)
            raw = {call(41, family, 3, protocol) for family in others.values() for protocol in range(24)}
            return [sorted(ends), sorted(raw), call(41, 1 << 32 | 2, 1, 0)]
        """, [["ENETUNREACH"], ["EPERM"], "EPERM"]),
    Program("pairs of sockets of every family", """
        def main():
            pair = (ctypes.c_int * 2)()
            ends = {family: call(53, family, 1, 0, pair) for family in range(64)}
            return [[family for family, end in ends.items() if isinstance(end, int)],
                    sorted({end for end in ends.values() if isinstance(end, str)})]""", [[1], ["EPERM"]]),
    Program("interfaces and routes", """
        import socket
        def main():
            pair = socket.socketpair()
            line = pair[0].fileno()
            SIOC = dict(GIFCONF=0x8912, SIFFLAGS=0x8914, GIFFLAGS=0x8913, SIFADDR=0x8916, GIFHWADDR=0x8927,
                        ADDRT=0x890b, ETHTOOL=0x8946, GIFINDEX=0x8933, BRADDBR=0x89a0, SKNS=0x894c)
            rows = [row.replace(":", " ").split() for row in open("/proc/self/net/dev").readlines()[2:]]
            traffic = [number for row in rows for number in row[1:] if number != "0"]
            return [sorted({call(16, line, request, b"lo" + bytes(64)) for request in SIOC.values()}),
                    [row[0] for row in rows], traffic, attempt(socket.if_nameindex)]
        """, [["EPERM"], ["lo"], [], "EPERM"]),
    Program("sockets of others in /proc", """
        def main():
            names = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "unix", "packet", "route", "arp", "if_inet6")
            tables = {name: open(f"/proc/self/net/{name}").readlines() for name in names}
            return [name for name, lines in tables.items() if len(lines) > 1]""", []),
    Program("options of sockets that the policy does not name", """
        import socket
        def main(gets, sets):
            pair = socket.socketpair()
            line = pair[0].fileno()
            block, size = bytes(64), ctypes.c_uint32 * 16
            levels = (0, 1, 6, 17, 41, 132, 263, 265, 270, 278, 280, 283)
            get = {call(55, line, level, option, block, size(64)) for level in levels for option in range(90)
                   if level != 1 or option not in gets}
            put = {call(54, line, level, option, block, 16) for level in levels for option in range(90)
                   if level != 1 or option not in sets}
            return [sorted(get), sorted(put)]""", [["EPERM"], ["EPERM"]],
            args=[options_of_the_policy("getsockopt"), options_of_the_policy("setsockopt")]),
    Program("sockets of the host's services", """
        import socket
        def main():
            paths = ["/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/dev/log",
                     "/run/dbus/system_bus_socket", "/run/systemd/journal/socket", "/run/systemd/private",
                     "/run/nscd/socket", "/var/run/nscd/socket", "/tmp/.X11-unix/X0", "/run/snapd.socket",
                     "/run/user/0/bus"]
            return sorted({attempt(socket.socket(1, kind).connect, path) for path in paths for kind in (1, 2)})
        """, ["ENOENT"]),
]


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_no_network_is_reached(withstands, program):
    withstands(program)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET])
def test_abstract_and_named_sockets_of_the_host_are_out_of_reach(withstands, tmp_path, kind):
    name = secrets.token_hex(8)
    addresses = [f"\0{name}", f"/tmp/{name}", str(tmp_path / "socket")]
    listeners = [socket.socket(socket.AF_UNIX, kind) for _ in addresses]
    try:
        for listener, address in zip(listeners, addresses):
            listener.bind(address)
            if kind != socket.SOCK_DGRAM:
                listener.listen()
            if not address.startswith("\0"):
                os.chmod(address, 0o777)
        withstands(Program("connects", """
            import socket
            def main(addresses, kind):
                def connect(address): socket.socket(socket.AF_UNIX, kind).connect(address)
                return reached(connect, addresses)""", [], args=[addresses, int(kind)]))
    finally:
        for listener in listeners:
            listener.close()
        os.unlink(addresses[1])


# The channel is made by the server: a socket keeps to the network of its maker, wherever it is used.
CHANNEL = """
    import socket
    def channel():
        return socket.socket(fileno=os.dup(reached(os.fstat, range(1000, 1200))[0]))
    """


def test_channel_takes_no_name_in_the_network_of_the_host(server, assert_service_is_well):
    name = f"\0{secrets.token_hex(8)}"
    bind = CHANNEL + """
    def prepare(name): return attempt(channel().bind, name)
    def finish(prepared): return True
    """
    with resident(server, bind, args=[name]), socket.socket(socket.AF_UNIX) as own:
        own.bind(name)  # fails where it is taken
    assert_service_is_well()


def test_channel_does_not_tell_names_in_the_network_of_the_host(withstands):
    names = [f"\0{secrets.token_hex(8)}" for _ in range(2)]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(names[0])
        listener.listen()
        withstands(Program("connects its channel", """
            def main(names):
                there, missing = (attempt(channel().connect, name) for name in names)
                return there == missing""", True, args=[names], given=CHANNEL))
