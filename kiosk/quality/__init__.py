"""Pixels to quality reports: pure functions over arrays, one file family per modality."""

# NumPy loads these two when they are first touched, which Numba and the measures do in the first frame; a
# resident's first frame shall not wait 20 ms for an import.
import numpy.fft
import numpy.ma  # noqa: F401
