"""The exceptions of reel3d. Each message says what was found, what was expected and what to do."""
# SPDX-License-Identifier: Apache-2.0


class Error(Exception):
    """The base of all exceptions here. If it is raised itself, reel3d has a fault."""


class UsageError(Error, ValueError):
    """An argument is wrong, or a loader is used after its end or in a forked process."""


class InputError(Error):
    """A shard, a video or a score file is missing, damaged, or not what it should be."""


class MachineError(Error):
    """The disk, the memory or the system fails."""
