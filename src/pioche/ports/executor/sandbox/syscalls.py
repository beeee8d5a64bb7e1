"""The filter of system calls: what no program of a run needs, and escapes are made of, fails with EPERM."""

from __future__ import annotations

import errno
from pathlib import Path

DENIED = """acct add_key bpf delete_module finit_module fsconfig fsmount fsopen fspick init_module io_uring_enter
    io_uring_register io_uring_setup ioperm iopl kexec_file_load kexec_load keyctl lookup_dcookie mount mount_setattr
    move_mount move_pages name_to_handle_at open_by_handle_at open_tree perf_event_open pivot_root process_vm_readv
    process_vm_writev ptrace quotactl reboot request_key setns swapoff swapon syslog umount umount2 unshare userfaultfd
    vhangup vmsplice clock_settime settimeofday sethostname setdomainname"""
CLONE_NEWUSER = 0x10000000


def write_filter(path: Path) -> None:
    """A program for the kernel, as `bwrap --seccomp` reads it."""
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in DENIED.split():
        try:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
        except (ValueError, OSError):
            continue  # not a call of this processor or kernel
    namespaces = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)
    rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", namespaces)
    # Its flags are behind a pointer that a filter cannot read; programs fall back to `clone`.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        rules.export_bpf(file)
    part.replace(path)
