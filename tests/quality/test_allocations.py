"""A live picture allocates nothing: neither inside a kernel, nor an array of its own size around one."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import numba
import numpy as np
import pytest
from faces import drawn_face
from iris_eyes import DrawnEye, draw
from made_fingers import draw_finger
from made_slaps import lay
from numba.core.dispatcher import Dispatcher
from numba.core.runtime import _nrt_python, rtsys

from hw.api import PadGeometry, PenPoint
from kiosk.enrollment.positions import STEP_POSITIONS, CaptureStep
from kiosk.matching.compare import compare_described, comparison_room, describe_template
from kiosk.quality.face import assess_face
from kiosk.quality.face_networks import FaceEngine
from kiosk.quality.fingerprint import assess_fingerprint, assess_fingerprint_live
from kiosk.quality.iris import assess_iris, split_irises
from kiosk.quality.minutiae import extract
from kiosk.quality.signature import assess_signature
from kiosk.quality.slap import assess_slap
from kiosk.quality.workspace import Workspace

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="only compiled kernels allocate nothing")

FRAMES = 20
FEW_FRAMES = 5
"""Tracing makes each frame several times slower, and the peak is that of one."""
KERNEL_ROOMS = ("kiosk.quality.", "kiosk.matching.")


def finger_live():
    frame, workspace = draw_finger(1, width=416, height=560)[0], Workspace()
    return frame.nbytes, lambda: assess_fingerprint_live(frame, workspace=workspace)


def finger_final():
    frame, workspace = draw_finger(1, width=416, height=560)[0], Workspace()
    return frame.nbytes, lambda: assess_fingerprint(frame, workspace=workspace)


def slap():
    frame, _ = lay(CaptureStep.RIGHT_FOUR, turn=7)
    frame.setflags(write=False)
    expected, workspace = STEP_POSITIONS[CaptureStep.RIGHT_FOUR], Workspace()
    return frame.nbytes, lambda: assess_slap(frame, expected=expected, workspace=workspace)


def irises():
    eye = draw(DrawnEye())
    frame, workspace = np.hstack([eye, eye[:, ::-1]]), Workspace()
    return frame.nbytes, lambda: [
        assess_iris(half, workspace=workspace) for half in split_irises(frame, workspace=workspace)
    ]


def face():
    frame, engine = drawn_face(1), FaceEngine()
    return frame.nbytes, lambda: assess_face(frame, engine=engine)


def signature():
    geometry = PadGeometry(width=9600, height=6000, max_pressure=1024, units_per_mm=100)
    points = tuple(
        PenPoint(1000 + 40 * place, round(3000 + 1500 * np.sin(place / 9)), place * 5_000_000, 500)
        for place in range(180)
    )
    workspace = Workspace()
    return 721 * 452, lambda: assess_signature(points, geometry=geometry, workspace=workspace)


def comparison():
    one, other = (describe_template(extract(draw_finger(seed)[0])) for seed in (1, 2))
    room = comparison_room()
    return room.alike.nbytes, lambda: compare_described(one, other, room=room)


SUBJECTS = MappingProxyType(
    {work.__name__: work for work in (finger_live, finger_final, slap, irises, face, signature, comparison)}
)
subjects = pytest.mark.parametrize("subject", SUBJECTS)

LARGEST_SHARE = 0.5
"""Of the frame: what its reports, boxes, masks of cells and network answers may hold at a time."""


def arrays_in(arguments):
    return sum(arrays_in(one) if isinstance(one, tuple) else isinstance(one, np.ndarray) for one in arguments)


def allocations():
    counted = rtsys.get_allocation_stats()
    return counted.alloc, counted.mi_alloc


@pytest.fixture
def watched(monkeypatch):
    """Every kernel that Python calls, and what it allocated beyond a handle for each array it was handed.

    The handle, some 40 bytes, is how compiled code holds an array of the interpreter's.
    """
    _nrt_python.memsys_enable_stats()
    grown = {}

    def watch(kernel):
        def call(*arguments):
            handles = arrays_in(arguments)
            before = allocations()
            answer = kernel(*arguments)
            beyond = [after - earlier - handles for earlier, after in zip(before, allocations(), strict=True)]
            grown.setdefault(kernel.__name__, set()).add(tuple(beyond))
            return answer

        return call

    for name, module in list(sys.modules.items()):
        if name.startswith(KERNEL_ROOMS) and "kernels" not in name:
            for attribute, value in list(vars(module).items()):
                if isinstance(value, Dispatcher):
                    monkeypatch.setattr(module, attribute, watch(value))
    yield grown
    _nrt_python.memsys_disable_stats()


@subjects
def test_kernels_allocate_nothing(subject, watched):
    _, assess = SUBJECTS[subject]()
    for _ in range(FRAMES):
        assess()
    assert watched or subject == "signature"
    assert {name: grown for name, grown in watched.items() if grown != {(0, 0)}} == {}


def test_the_watch_sees_an_allocation(watched):
    @numba.njit("float64(float64[::1])")
    def copies(values):
        return values.copy()[0]

    values = np.ones(3)
    before = allocations()
    copies(values)
    assert allocations()[0] - before[0] > arrays_in((values,))


@subjects
def test_no_array_of_the_frames_size_is_made(subject):
    size, assess = SUBJECTS[subject]()
    for _ in range(3):
        assess()
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(FEW_FRAMES):
            assess()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < LARGEST_SHARE * size


def test_a_workspace_grows_no_more_once_it_has_seen_the_largest_picture():
    workspace = Workspace()
    pictures = [draw_finger(seed, width=300 + 40 * seed, height=420)[0] for seed in (3, 0, 1, 2)]
    assess_fingerprint(pictures[0], workspace=workspace)
    held = workspace.nbytes
    for picture in pictures:
        assess_fingerprint(picture, workspace=workspace)
    assert workspace.nbytes == held


def test_threads_with_a_workspace_each_do_not_disturb_one_another():
    pictures = [draw_finger(seed)[0] for seed in range(4)]
    alone = [assess_fingerprint(picture) for picture in pictures]

    def judge(order):
        workspace = Workspace()
        return [assess_fingerprint(pictures[place], workspace=workspace) for place in order]

    orders = [[0, 1, 2, 3] * 4, [3, 1, 0, 2] * 4]
    with ThreadPoolExecutor(2) as pool:
        for order, reports in zip(orders, pool.map(judge, orders), strict=True):
            assert reports == [alone[place] for place in order]


def test_a_used_workspace_changes_no_number():
    workspace = Workspace()
    wide, narrow = draw_finger(4, width=420)[0], draw_finger(5, width=280)[0]
    eyes = [draw(DrawnEye(iris_x=300 + 20 * number)) for number in range(3)]
    for _ in range(2):
        for picture in (wide, narrow):
            assert assess_fingerprint(picture, workspace=workspace) == assess_fingerprint(picture)
            assert extract(picture, workspace=workspace) == extract(picture)
        for eye in eyes:
            kept, fresh = assess_iris(eye, workspace=workspace), assess_iris(eye)
            assert (kept.report, kept.pupil, kept.iris) == (fresh.report, fresh.pupil, fresh.iris)
