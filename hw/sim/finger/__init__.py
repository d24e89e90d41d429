"""A simulated single-finger module on a pseudo-terminal."""

from hw.sim.finger.module import SimulatedFingerModule

__all__ = ["SimulatedFingerModule"]
