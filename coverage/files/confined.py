"""What a process gives up before it touches a file of somebody else: memory, time, files, network, other programs.

On Linux the kernel holds it to that: resource limits, Landlock for files and TCP, and a seccomp filter that answers
`socket` and `execve` with "not permitted". Elsewhere an audit hook refuses the same to Python code. Only the standard
library is used, for nothing else should be loaded before the limits stand.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

if sys.platform != "win32":
    import resource

MEMORY_BYTES = 3 << 30  # of addresses, not of memory used: the libraries alone map about 1 GB
CPU_S = 60
WRITTEN_BYTES = 1 << 30
OPEN_FILES = 64

# Landlock (kernel 5.13; include/uapi/linux/landlock.h): system calls and the rights that are asked for.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_READ = 1 << 2 | 1 << 3  # READ_FILE, READ_DIR
_FILES_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # number of rights that each version knows
_TCP = 1 << 0 | 1 << 1  # BIND_TCP, CONNECT_TCP, since version 4

# seccomp (include/uapi/linux/seccomp.h, audit.h): machine → its name in the filter, numbers of socket, execve,
# execveat, ptrace.
_CALLS = {
    "x86_64": (0xC000003E, (41, 59, 322, 101)),
    "aarch64": (0xC00000B7, (198, 221, 281, 117)),
}
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _NOT_PERMITTED, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_X32 = 0x40000000  # calls of the x32 interface have numbers of their own: none is needed

_REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "urllib.")

_active: list[str] = []


def measures() -> tuple[str, ...]:
    """Return what holds this process: any of ``limits``, ``audit``, ``landlock``, ``seccomp``; empty when free."""
    return tuple(_active)


def limit_resources() -> None:
    """Bound memory, processor time, written bytes and open files of this process; does nothing on Windows."""
    if sys.platform == "win32":
        return
    wanted = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: WRITTEN_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for which, limit in wanted.items():
        hard = resource.getrlimit(which)[1]
        bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(which, (bound, bound))
    _active.append("limits")


def confine(folder: Path, readable: Sequence[Path]) -> None:
    """Give up, for good, all files but those below `folder` (read and write) and `readable`, the network and programs.

    What the kernel does not offer is left out; `measures` tells what holds.
    """
    sys.addaudithook(_refuse)
    _active.append("audit")
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    library.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: both mechanisms ask for it
    if _landlock(library, folder, readable):
        _active.append("landlock")
    if _seccomp(library):
        _active.append("seccomp")


def _refuse(event: str, _arguments: tuple[object, ...]) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(event)


def _landlock(library: ctypes.CDLL, folder: Path, readable: Sequence[Path]) -> bool:
    version = library.syscall(_CREATE, None, 0, 1)
    if version < 1:
        return False
    every = (1 << _FILES_BY_ABI.get(version, _FILES_BY_ABI[5])) - 1
    rules = struct.pack("=QQ", every, _TCP) if version >= 4 else struct.pack("=Q", every)
    ruleset = library.syscall(_CREATE, rules, len(rules), 0)
    if ruleset < 0:
        return False
    for path, rights in ((folder, every & ~1), *((path, _READ) for path in readable)):
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        library.syscall(_ADD, ruleset, 1, struct.pack("=Qi", rights, handle), 0)
        os.close(handle)
    held = library.syscall(_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return bool(held)


def _seccomp(library: ctypes.CDLL) -> bool:
    known = _CALLS.get(platform.machine())
    if known is None:
        return False
    machine, calls = known
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    steps += [(_AT_LEAST, len(calls) + 1, 0, _X32)]
    # A match jumps over what is left of the list and the "allow" behind it.
    steps += [(_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _NOT_PERMITTED)]
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(steps), ctypes.addressof(held))
    return bool(library.prctl(22, 2, program, 0, 0) == 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
