"""The labelled corpus: every sample in every setting that fits, one file each, its line known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.scan.corpus.cloud import SAMPLES as CLOUD
from tests.scan.corpus.common import SAMPLES as COMMON
from tests.scan.corpus.forge import SAMPLES as FORGE
from tests.scan.corpus.saas import SAMPLES as SAAS
from tests.scan.corpus.sample import Sample
from tests.scan.corpus.settings import SETTINGS, Placed

SAMPLES: tuple[Sample, ...] = (*FORGE, *CLOUD, *SAAS, *COMMON)


class Case(NamedTuple):
    """One file with one token."""

    sample: Sample
    setting: str
    path: str
    """Where `write` puts it, relative to the corpus."""
    token: str
    placed: Placed


def cases(samples: Sequence[Sample] = SAMPLES) -> Iterator[Case]:
    """Yield every case, the same each time.

    Each has a token of its own, because some scanners report a secret once wherever it stands.
    """
    for number, sample in enumerate(samples):
        for setting in SETTINGS:
            token = sample.make(Random(f"{sample.rule} {number} {setting.id}"))
            if setting.fits(sample, token):
                placed = setting.place(sample, token)
                path = f"{number:03}-{sample.rule}/{setting.id}/{placed.name}"
                yield Case(sample, setting.id, path, token, placed)


def write(folder: Path, all_cases: Sequence[Case]) -> None:
    """Write the files of some cases below a folder."""
    for case in all_cases:
        path = folder / case.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.placed.content)
