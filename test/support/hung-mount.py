"""A file system of the kernel's FUSE that answers, until SIGUSR1: then it takes what is asked and
never answers, as an sshfs does whose other side is gone. What asks then cannot even be killed.

Only what `stat` and `stat -f` ask is answered. Ending this process ends the mount.

  hung-mount.py FOLDER [PID]    among the mounts of that process, where FOLDER must be"""
import ctypes
import os
import signal
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
folder = sys.argv[1]
device = os.open("/dev/fuse", os.O_RDWR)
if len(sys.argv) > 2:
    namespace = os.open(f"/proc/{sys.argv[2]}/ns/mnt", os.O_RDONLY)
    if libc.setns(namespace, 0) != 0:
        sys.exit(f"setns: {os.strerror(ctypes.get_errno())}")
options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
if libc.mount(b"far", folder.encode(), b"fuse.hung", 6, options.encode()) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")

LOOKUP, FORGET, GETATTR, STATFS, INIT, OPENDIR, INTERRUPT, BATCH_FORGET = 1, 2, 3, 17, 26, 27, 36, 42
ENOENT, ENOSYS = 2, 38
hangs = False


def say(word):
    # print() is not for the handler of a signal that comes while it prints.
    os.write(1, f"{word}\n".encode())


def hang(*_):
    global hangs
    hangs = True
    say("hangs")


signal.signal(signal.SIGUSR1, hang)
say("mounted")
root = struct.pack("<QQQQQQIIIIIIIIII", 1, *[0] * 8, 0o40755, 2, 0, 0, 0, 4096, 0)
while True:
    request = os.read(device, 1 << 20)
    _, operation, unique = struct.unpack("<IIQ", request[:16])

    def reply(data=b"", error=0):
        os.write(device, struct.pack("<IiQ", 16 + len(data), -error, unique) + data)

    if operation == INIT:
        reply(struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, 0))
    elif operation in (FORGET, BATCH_FORGET, INTERRUPT):
        pass
    elif hangs:
        say("asked")
    elif operation == GETATTR:
        reply(struct.pack("<QII", 0, 0, 0) + root)
    elif operation == STATFS:
        reply(struct.pack("<QQQQQIIII24x", 1000, 500, 500, 0, 0, 4096, 255, 4096, 0))
    elif operation == LOOKUP:
        reply(error=ENOENT)
    else:
        reply(error=ENOSYS)
