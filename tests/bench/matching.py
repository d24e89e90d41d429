"""Who is whose: errors of the matcher and of bozorth3 on the same pairs, and the time of a search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from kiosk.enrollment.minutiae import Template
from kiosk.matching.compare import THRESHOLD, Described, compare_described, describe_template
from kiosk.matching.search import Gallery, search
from kiosk.quality.minutiae import extract
from tests.bench.pictures import FIRST_SEED, Picture
from tests.bench.plots import Dots, scatter
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed

BOZORTH_THRESHOLD = 40.0
"""The score from which NIST's guide to NBIS calls two prints the same."""
GALLERY = 20_000
_SOUGHT = ("made_0_", "made_1_")
"""Fingers of these two made people are looked for among everybody else's."""

STRANGERS = 1500
"""Pairs of different fingers looked at; bozorth3 sees the same ones."""


@dataclass(frozen=True, slots=True)
class Pair:
    one: int
    other: int
    mated: bool
    real: bool


@dataclass(frozen=True, slots=True)
class Scored:
    pair: Pair
    ours: float
    bozorth3: float | None


def measure(bench: Bench) -> Iterator[Result]:
    pictures = [*bench.pictures.real_fingers, *bench.pictures.made_fingers]
    templates = [extract(picture.gray) for picture in bench.each(pictures, of="templates")]
    described = [describe_template(template) for template in templates]
    scored = [
        _scored(bench, pictures, described, pair)
        for pair in bench.each(_pairs(pictures), of="pairs compared by both")
    ]
    yield from _errors(scored)
    _plot(bench, scored)
    yield from _costs(bench, pictures, templates, described)


def _pairs(pictures: Sequence[Picture]) -> list[Pair]:
    """All mated pairs, all pairs of different real fingers, and a draw of the other strangers."""
    found = [
        Pair(a, b, pictures[a].finger == pictures[b].finger, pictures[a].real and pictures[b].real)
        for a, b in combinations(range(len(pictures)), 2)
    ]
    kept = [pair for pair in found if pair.mated or pair.real]
    strangers = [pair for pair in found if not (pair.mated or pair.real)]
    order = np.random.default_rng(FIRST_SEED).permutation(len(strangers))
    return kept + [strangers[place] for place in order[:STRANGERS]]


def _scored(bench: Bench, pictures: Sequence[Picture], described: Sequence[Described], pair: Pair) -> Scored:
    ours = compare_described(described[pair.one], described[pair.other]).score
    answer = bench.peers.ask("bozorth3", **_files(pictures, pair))
    return Scored(pair, ours, None if answer is None else float(answer["score"]))


def _files(pictures: Sequence[Picture], pair: Pair) -> dict[str, Path]:
    return {"file": pictures[pair.one].path, "other": pictures[pair.other].path}


def _errors(scored: Sequence[Scored]) -> Iterator[Result]:
    for real, label in ((False, ""), (True, "_real")):
        chosen = [one for one in scored if one.pair.real or not real]
        mates = [one for one in chosen if one.pair.mated]
        strangers = [one for one in chosen if not one.pair.mated]
        if not mates or not strangers:
            continue
        theirs = all(one.bozorth3 is not None for one in chosen)
        for name, group, wrong in (("fnmr", mates, True), ("fmr", strangers, False)):
            ours = _share(sum((one.ours < THRESHOLD) is wrong for one in group), group)
            peer = None
            if theirs:
                peer = _share(sum((one.bozorth3 < BOZORTH_THRESHOLD) is wrong for one in group), group)
            yield Result(f"matching.{name}{label}", ours, "%", peer, f"bozorth3 at 40, {len(group)} pairs")
        ours = _equal_error([one.ours for one in mates], [one.ours for one in strangers])
        peer = (
            _equal_error([one.bozorth3 for one in mates], [one.bozorth3 for one in strangers])
            if theirs
            else None
        )
        yield Result(f"matching.equal_error_rate{label}", ours, "%", peer, "bozorth3")
        strict = max(one.ours for one in strangers)
        ours = _share(sum(one.ours <= strict for one in mates), mates)
        if theirs:
            strict = max(one.bozorth3 for one in strangers)
            peer = _share(sum(one.bozorth3 <= strict for one in mates), mates)
        yield Result(f"matching.fnmr_at_no_false_match{label}", ours, "%", peer, "bozorth3")


def _share(count: int, group: Sequence[Scored]) -> float:
    return 100.0 * count / len(group)


def _equal_error(mates: Sequence[float], strangers: Sequence[float]) -> float:
    """Percent, at the threshold where both errors are nearest to each other."""
    same, different = np.array(mates), np.array(strangers)
    both = [(np.mean(same < level), np.mean(different >= level)) for level in np.unique([*mates, *strangers])]
    missed, let_in = min(both, key=lambda pair: abs(pair[0] - pair[1]))
    return 50.0 * float(missed + let_in)


def _plot(bench: Bench, scored: Sequence[Scored]) -> None:
    if any(one.bozorth3 is None for one in scored):
        return
    groups = [
        Dots(label, [one.bozorth3 for one in part], [one.ours for one in part])
        for label, part in (
            ("strangers", [one for one in scored if not one.pair.mated]),
            ("made mates", [one for one in scored if one.pair.mated and not one.pair.real]),
            ("real mates", [one for one in scored if one.pair.mated and one.pair.real]),
        )
    ]
    scatter(
        bench.plots / "matching.png",
        groups,
        x_label="bozorth3 (200: more)",
        y_label="matcher of the kiosk (60: more)",
        x_range=(0, 200),
        y_range=(0, 60),
        guides=(("x", BOZORTH_THRESHOLD), ("y", THRESHOLD)),
    )


def _costs(
    bench: Bench, pictures: Sequence[Picture], templates: Sequence[Template], described: Sequence[Described]
) -> Iterator[Result]:
    pairs = _pairs(pictures)
    mated = next(pair for pair in pairs if pair.mated)
    stranger = next(pair for pair in pairs if not pair.mated)
    one, other = mated.one, mated.other
    gray = pictures[one].gray
    ms = interleaved_ms(
        {
            "compare": timed(lambda: compare_described(described[one], described[other])),
            "bozorth3": bench.peers.job("bozorth3", **_files(pictures, mated)),
            "bozorth3_stranger": bench.peers.job("bozorth3", **_files(pictures, stranger)),
            "extract": timed(lambda: extract(gray)),
            "mindtct": bench.peers.job("mindtct", file=pictures[one].path),
        },
        repeats=15,
    )
    yield Result("matching.extract", ms["extract"], "ms", ms["mindtct"], "mindtct of nbis-py, with decoding")
    yield Result("matching.compare", ms["compare"], "ms", ms["bozorth3"], "bozorth3 of nbis-py")
    yield from _search(bench, pictures, templates, bozorth3_ms=ms["bozorth3_stranger"])


def _search(
    bench: Bench, pictures: Sequence[Picture], templates: Sequence[Template], *, bozorth3_ms: float | None
) -> Iterator[Result]:
    """One touch of each sought finger lies among 20,000 others; the other touches look for it."""
    sought: dict[str, list[Template]] = {}
    others = []
    for picture, template in zip(pictures, templates, strict=True):
        if picture.finger.startswith(_SOUGHT):
            sought.setdefault(picture.finger, []).append(template)
        else:
            others.append(template)
    enrolled = [touches[0] for touches in sought.values()]
    gallery = Gallery.of([*_crowd(others, GALLERY - len(enrolled)), *enrolled])
    first = GALLERY - len(enrolled)
    probes = [
        (first + place, touch)
        for place, touches in enumerate(sought.values())
        for touch in (touches[1:2] if bench.quick else touches[1:])
    ]
    hits = 0
    for place, probe in bench.each(probes, of="searches"):
        best = search(probe, gallery, workers=1)[0]
        hits += best.matched and best.index == place
    yield Result("matching.search_hits", 100.0 * hits / len(probes), "%", 100.0, f"{len(probes)} searches")
    found = interleaved_ms({"search": timed(lambda: search(probes[0][1], gallery, workers=1))}, repeats=5)
    scan = bozorth3_ms and bozorth3_ms * GALLERY
    yield Result(
        "matching.search_20000", found["search"], "ms", scan, "bozorth3 of two strangers, 20,000 times"
    )


def _crowd(templates: Sequence[Template], count: int) -> Iterator[Template]:
    """Templates of other people, each time with a third of the minutiae moved about."""
    rng = np.random.default_rng(FIRST_SEED)
    for number in range(count):
        base = templates[number % len(templates)]
        moved = rng.random(len(base.minutiae)) < 1 / 3
        places = rng.integers(0, (base.width, base.height, 256), (len(base.minutiae), 3)).tolist()
        minutiae = (
            replace(minutia, x=x, y=y, angle=angle) if away else minutia
            for minutia, away, (x, y, angle) in zip(base.minutiae, moved, places, strict=True)
        )
        yield Template(tuple(minutiae), base.width, base.height)
