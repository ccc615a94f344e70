"""A disk that can lose its power: an ext4 in an image file on a loop device.

Nothing of it can stay behind, whatever ends the process: the mounts are in a mount namespace of its own, the
loop device detaches itself when the last one that has it open is gone, and the image has no name.
"""

import atexit
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import time

from rounds import CannotRun

CLONE_NEWNS = 0x00020000
MS_PRIVATE_ALL = (1 << 18) | (1 << 14)
GOINGDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN.
NO_LOG_FLUSH = 2        # What was not synced is lost.
LOOP_GET_STATUS64, LOOP_SET_STATUS64 = 0x4C05, 0x4C04
LOOP_INFO_SIZE, LOOP_FLAGS_AT, AUTOCLEAR = 232, 52, 4
TOOLS = ("losetup", "mkfs.ext4", "e2fsck", "mount", "umount")
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def tool(*command, failure=CannotRun):
    """Runs a tool and gives back what it said."""
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                           env={**os.environ, "PATH": PATH})
    if ended.returncode != 0:
        raise failure(f"{' '.join(map(str, command))}: {ended.stderr.strip() or ended.returncode}")
    return ended.stdout.strip()


def leave_the_mounts_of_others():
    """From now on what this process mounts is seen by it and its children only, and goes with them. To be
    called before there are threads."""
    if os.geteuid() != 0:
        raise CannotRun("not root: no loop device can be mounted")
    for name in TOOLS:
        if not shutil.which(name, path=PATH):
            raise CannotRun(f"{name} is not installed")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_PRIVATE_ALL, None) != 0:
        raise CannotRun(f"no mount namespace can be had: {os.strerror(ctypes.get_errno())}")


class Disk:
    """Made, formatted and mounted at `folder`/disk. Call leave_the_mounts_of_others() before. What cannot be
    made is CannotRun; what fails later is not."""

    def __init__(self, folder, megabytes):
        self.path = folder / "disk"
        self.path.mkdir()
        image = folder / "image"
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        self.open_device = None
        try:
            self.device = tool("losetup", "--find", "--show", image)
            atexit.register(self.close)
            self.open_device = os.open(self.device, os.O_RDWR)
            status = bytearray(LOOP_INFO_SIZE)
            fcntl.ioctl(self.open_device, LOOP_GET_STATUS64, status)
            flags, = struct.unpack_from("=I", status, LOOP_FLAGS_AT)
            struct.pack_into("=I", status, LOOP_FLAGS_AT, flags | AUTOCLEAR)
            fcntl.ioctl(self.open_device, LOOP_SET_STATUS64, status)
            tool("mkfs.ext4", "-q", "-m", "0", self.device)
            self.mount(CannotRun)
        finally:
            image.unlink()

    def mount(self, failure=RuntimeError):
        """After a cut this replays the file system's own journal."""
        tool("mount", "-t", "ext4", self.device, self.path, failure=failure)

    def unmount(self):
        for _ in range(50):
            try:
                return tool("umount", self.path, failure=RuntimeError)
            except RuntimeError:
                time.sleep(0.05)  # The last process that used it is on its way out.
        raise RuntimeError(f"{self.path} stays busy")

    def cut(self):
        """The power is gone: what was not synced is lost, and every write from now on fails."""
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(folder, GOINGDOWN, struct.pack("=I", NO_LOG_FLUSH))
        except OSError as error:
            raise CannotRun(f"ext4 does not know EXT4_IOC_SHUTDOWN: {error}") from error
        finally:
            os.close(folder)

    def turn_read_only(self):
        """The file system refuses every write, as it does when it has found an error in itself."""
        tool("mount", "-o", "remount,errors=remount-ro", self.path)
        trigger = f"/sys/fs/ext4/{os.path.basename(self.device)}/trigger_fs_error"
        try:
            with open(trigger, "w", encoding="ascii") as file:
                file.write("1")
        except OSError as error:
            raise CannotRun(f"ext4 cannot be told of an error: {error}") from error

    def mount_again(self, *options):
        """As it is after the operator has looked at it. REQUIRES: nobody has a file of it open."""
        self.unmount()
        subprocess.run(["e2fsck", "-p", self.device], env={**os.environ, "PATH": PATH}, check=False,
                       capture_output=True)
        tool("mount", "-t", "ext4", *options, self.device, self.path, failure=RuntimeError)

    def close(self):
        if os.path.ismount(self.path):
            self.unmount()
        if self.open_device is not None:
            os.close(self.open_device)
            self.open_device = None
