"""The centre's own ports, on which nothing that a server runs may listen, also while the Hub is down.

Loopback is everybody's: a kernel that listens on the Hub's port while the Hub is away would be told the tokens of all
servers that ask there, and see who logs in. Landlock takes the right to bind these ports from a process and all that
it starts; it says what is allowed, so all other ports are named. Where the kernel has no such rules (before Linux 6.7)
a Hub of root on ports below 1024 is safe from it, which are root's alone.

As a program, before another that cannot be asked otherwise:  python -I -S kept_ports.py 8000,8001 -- PROGRAM …

Source: landlock(7), "Network flags"; linux/landlock.h; seccomp(2); mptcp(7); ip(7), ip_unprivileged_port_start.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Collection

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_OF, RULE_NET_PORT, BIND_TCP = 1, 2, 1
NET_SINCE = 4
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
MPTCP, SMC, AF_SMC = 262, 256, 43
X32, IO_URING_SETUP = 0x40000000, 425
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Their name in seccomp, and the number of the call that makes a socket."""
LAST = 65_535


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64))


class _Port(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


class _Step(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("given", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.c_void_p))


def possible() -> bool:
    """Whether the kernel can keep ports."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.syscall(CREATE_RULESET, None, 0, VERSION_OF)) >= NET_SINCE


def keep(ports: Collection[int]) -> bool:
    """Take these TCP ports from this thread and all that it starts from now on; False where the kernel cannot.

    Raises:
        OSError: it can, and has not.
    """
    if not possible():
        return False
    libc = ctypes.CDLL(None, use_errno=True)

    def done(status: int, what: str) -> int:
        if status < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{what}: {os.strerror(number)}")
        return status

    wanted = _Ruleset(0, BIND_TCP)
    rules = done(libc.syscall(CREATE_RULESET, ctypes.byref(wanted), ctypes.sizeof(wanted), 0), "landlock")
    try:
        rule = _Port(BIND_TCP, 0)
        given = ctypes.byref(rule)
        for port in range(LAST + 1):  # 0: any that is free
            if port not in ports:
                rule.port = port
                if libc.syscall(ADD_RULE, rules, RULE_NET_PORT, given, 0):
                    done(-1, f"port {port}")
        if libc.syscall(RESTRICT_SELF, rules, 0):  # without CAP_SYS_ADMIN no new privileges are to be had first
            done(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
            done(libc.syscall(RESTRICT_SELF, rules, 0), "landlock")
    finally:
        os.close(rules)
    _only_tcp(libc)
    return True


def _only_tcp(libc: ctypes.CDLL) -> None:
    """Refuse the ways to a port that TCP's rules do not see: MPTCP and SMC take plain TCP's connections too.

    io_uring makes sockets without a call that could be looked at, another architecture's calls have other numbers:
    both are as on a kernel that has them not.

    Raises:
        OSError: the kernel does not let us, or this machine's calls are not known here.
    """
    if os.uname().machine not in MACHINES:
        raise OSError(f"MPTCP cannot be refused on {os.uname().machine}")
    architecture, socket_call = MACHINES[os.uname().machine]
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    allowed, refused, unknown = 11, 12, 13
    steps = [
        (load, 0, 0, 4), (equal, 0, unknown - 2, architecture),
        (load, 0, 0, 0), (at_least, unknown - 4, 0, X32), (equal, unknown - 5, 0, IO_URING_SETUP),
        (equal, 0, allowed - 6, socket_call),
        (load, 0, 0, 32), (equal, refused - 8, 0, MPTCP), (equal, refused - 9, 0, SMC),
        (load, 0, 0, 16), (equal, refused - 11, 0, AF_SMC),
        (end, 0, 0, ALLOW), (end, 0, 0, ERRNO | errno.EPROTONOSUPPORT), (end, 0, 0, ERRNO | errno.ENOSYS),
    ]  # fmt: skip
    filters = (_Step * len(steps))(*(_Step(*step) for step in steps))
    program = _Program(len(steps), ctypes.cast(filters, ctypes.c_void_p))
    for _try in range(2):
        if not libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0):
            return
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    number = ctypes.get_errno()
    raise OSError(number, f"seccomp: {os.strerror(number)}")


def main() -> None:
    ports, _dashes, *command = sys.argv[1:]
    try:
        keep({int(port) for port in ports.split(",")})
    except OSError as problem:  # better a server with that right than none
        print(f"the centre's ports are not kept from this server: {problem}", file=sys.stderr, flush=True)  # noqa: T201
    os.execvp(command[0], command)  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main()
