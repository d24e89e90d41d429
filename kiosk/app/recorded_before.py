"""Whether a person's fingers are those of an earlier record on this unit, under another NIK."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kiosk.enrollment.minutiae import Template
from kiosk.enrollment.record import GallerySearch, RecordedBefore
from kiosk.matching.compare import MATCHER
from kiosk.matching.iso19794_2 import RecordError, decode
from kiosk.matching.search import Gallery, found, search
from kiosk.storage.gallery import GalleryDamaged, GalleryEntry, TemplateGallery

FINGERS_NEEDED = 2
"""One finger among thousands may resemble another; two of one person hardly both, see `compare.THRESHOLD`."""


class EnrolledFingers:
    """The unit's gallery in memory: entries are read once, as they come, and dropped as they go.

    One thread at a time.
    """

    def __init__(self, store: TemplateGallery) -> None:
        self._store = store
        self._owners: list[str] = []
        self._nik_hashes: dict[str, str] = {}
        self._unread: set[str] = set()
        self._gallery = Gallery.of(())

    def search(
        self, probes: Sequence[Template], *, nik_hash: str, damaged: Callable[[str], None]
    ) -> GallerySearch:
        """nik_hash: of the person who gave the probes; earlier records of the same NIK are no surprise.

        damaged: told the record number of each entry that cannot be read, once in all searches.
        """
        self._refresh(damaged)
        matched: dict[str, list[tuple[float, int]]] = {}
        for probe in probes:
            best: dict[str, tuple[float, int]] = {}
            for one in found(search(probe, self._gallery, workers=1)):  # the other core judges live frames
                best.setdefault(self._owners[one.index], (one.score, one.index))
            for owner, finger in best.items():
                matched.setdefault(owner, []).append(finger)
        hits = []
        for owner, fingers in matched.items():
            needed = min(FINGERS_NEEDED, len(probes), self._owners.count(owner))
            different = len({index for _, index in fingers})
            if self._nik_hashes[owner] != nik_hash and different >= needed:
                hits.append(RecordedBefore(owner, round(max(score for score, _ in fingers), 2), different))
        others = sum(known != nik_hash for known in self._nik_hashes.values())
        return GallerySearch(MATCHER, others, tuple(sorted(hits, key=lambda hit: -hit.score)))

    def _refresh(self, damaged: Callable[[str], None]) -> None:
        present = set(self._store.ids())
        self._unread &= present
        if self._nik_hashes.keys() - present:
            kept = np.array([owner in present for owner in self._owners], np.bool_)
            self._gallery = self._gallery.only(kept)
            self._owners = [owner for owner in self._owners if owner in present]
            self._nik_hashes = {one: known for one, known in self._nik_hashes.items() if one in present}
        parts = [self._gallery]
        for enrollment_id in sorted(present - self._nik_hashes.keys() - self._unread):
            entry = self._store.get(enrollment_id)
            templates = _templates(entry)
            if entry is None:
                continue
            if isinstance(entry, GalleryDamaged) or templates is None:
                self._unread.add(enrollment_id)
                damaged(enrollment_id)
                continue
            parts.append(Gallery.of(templates))
            self._owners += [enrollment_id] * len(templates)
            self._nik_hashes[enrollment_id] = entry.nik_hash
        self._gallery = Gallery.joined(parts)


def _templates(entry: GalleryEntry | GalleryDamaged | None) -> tuple[Template, ...] | None:
    if not isinstance(entry, GalleryEntry):
        return None
    try:
        return tuple(finger.template for finger in decode(entry.record))
    except RecordError:
        return None
