"""Many files, one process a core: the parent lists, the children read and judge.

Plain pipes and `fork`: what the parent has compiled is shared, and a child sends back JSON.
"""

from __future__ import annotations

import gc
import json
import os
import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from keyturn.scan.errors import ScanCutShort
from keyturn.scan.review import Leak
from keyturn.scan.texts import Unread

Judge = Callable[[str], Iterable[Leak | Unread]]

FEW = 256
"""So many files are judged before it is worth starting a process."""
_BATCH = 32


class WorkerLost(ScanCutShort):
    """A child ended without its results; what it had been given was not scanned."""

    def __init__(self) -> None:
        super().__init__("a process that was scanning ended too early; not everything was scanned")


def judge_all(
    files: Iterator[str], judge: Judge, prepare: Callable[[], None]
) -> list[Leak | Unread]:
    """Judge every file; `prepare` is called before there are many. Raises WorkerLost."""
    first = list(islice(files, FEW))
    if len(first) < FEW:
        return [found for path in first for found in judge(path)]
    prepare()
    # Not macOS and Windows: there is no such call; what may be used there is all there is.
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    everything = chain(first, files)
    if cores < 2 or not hasattr(os, "fork"):
        return [found for path in everything for found in judge(path)]
    return _in_children(everything, judge, cores)


class _Child:
    """A process that judges the files it is sent."""

    def __init__(self, judge: Judge, others: list[_Child]) -> None:
        jobs, self.jobs = os.pipe()
        self.results, results = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(jobs)
            os.close(results)
            return
        try:
            for child in (self, *others):  # or no child would ever see an end of its jobs
                os.close(child.jobs)
                os.close(child.results)
            _work(jobs, results, judge)
            os._exit(0)
        finally:
            os._exit(1)  # nobody is there to catch an exception; the parent sees the status

    def send(self, paths: Sequence[str]) -> None:
        """Give it a batch; waits while its pipe is full. Raises WorkerLost."""
        message = json.dumps(paths).encode()
        try:
            _write(self.jobs, len(message).to_bytes(4, "little") + message)
        except BrokenPipeError:
            raise WorkerLost from None

    def finish(self) -> list[Leak | Unread]:
        """Return what it found, once no more jobs come. Raises WorkerLost."""
        with os.fdopen(self.results, "rb") as stream:
            message = stream.read()
        _, status = os.waitpid(self.pid, 0)
        if status:
            raise WorkerLost
        leaks, unread = json.loads(message)
        return [*(Leak(*leak) for leak in leaks), *(Unread(*item) for item in unread)]


def _in_children(files: Iterator[str], judge: Judge, cores: int) -> list[Leak | Unread]:
    gc.disable()  # it would look at the table again and again, in each child too
    children: list[_Child] = []
    for _ in range(cores):
        children.append(_Child(judge, children))
    waiting = {child.jobs: child for child in children}
    while batch := list(islice(files, _BATCH)):
        _, ready, _ = select.select((), waiting, ())
        waiting[ready[0]].send(batch)
    for child in children:
        os.close(child.jobs)
    return [found for child in children for found in child.finish()]


def _work(jobs: int, results: int, judge: Judge) -> None:
    leaks: list[tuple[object, ...]] = []
    unread: list[tuple[str, str]] = []
    with os.fdopen(jobs, "rb") as stream:
        for path in _received(stream.read):
            for found in judge(path):
                if isinstance(found, Unread):
                    unread.append((found.path, found.why))
                else:
                    leaks.append(tuple(found))
    _write(results, json.dumps((leaks, unread)).encode())


def _received(read: Callable[[int], bytes]) -> Iterator[str]:
    while header := read(4):
        yield from json.loads(read(int.from_bytes(header, "little")))


def _write(handle: int, message: bytes) -> None:
    view = memoryview(message)
    while view:
        view = view[os.write(handle, view) :]
