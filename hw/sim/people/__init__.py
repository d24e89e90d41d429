"""People for the simulated devices: from folders of pictures, or synthesized from a seed."""

from hw.sim.people.folder import PersonFolderError, load_people, load_person
from hw.sim.people.impression import Touch, impress
from hw.sim.people.person import SLAP_FINGERS, SimPerson
from hw.sim.people.scene import Cloth
from hw.sim.people.slap import FingerBox, compose_slap
from hw.sim.people.subject import Pace, PersonSubject
from hw.sim.people.synthesize import synthesize

__all__ = [
    "SLAP_FINGERS",
    "Cloth",
    "FingerBox",
    "Pace",
    "PersonFolderError",
    "PersonSubject",
    "SimPerson",
    "Touch",
    "compose_slap",
    "impress",
    "load_people",
    "load_person",
    "synthesize",
]
