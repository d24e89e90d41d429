"""Installing an offered image, and the verdict on one that was tried: `updates` decides, RAUC does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.appliance.rauc import BundleError, CommandError, Rauc
from kiosk.appliance.update_files import load_history, save_history
from kiosk.appliance.updates import Decision, Trial, Verdict, Version, after, decide, verdict


@dataclass(frozen=True, slots=True)
class Unit:
    """running: the image's version. boot_id: of this start. history: the file that remembers."""

    rauc: Rauc
    running: Version
    boot_id: str
    history: Path

    def install(self, bundle: Path) -> Decision:
        """Installs the bundle if it is to be. Raises BundleError, and CommandError when RAUC gave up."""
        offer = self.rauc.offer(bundle)
        history = load_history(self.history)
        decision = decide(offer, running=self.running, history=history)
        if decision is Decision.INSTALL:
            # Remembered first: a power cut in mid-installation must not leave a trial that nobody knows of.
            save_history(self.history, replace(history, trial=Trial(offer.version, self.boot_id)))
            try:
                self.rauc.install(bundle)
            except CommandError:
                save_history(self.history, history)
                raise
        return decision

    def best(self, folder: Path) -> tuple[Path | None, tuple[str, ...]]:
        """The bundle of the newest version in the folder, and what is wrong with files that are none."""
        found: list[tuple[Version, Path]] = []
        problems = []
        for path in sorted(folder.glob("*.raucb")):
            try:
                found.append((self.rauc.offer(path).version, path))
            except BundleError as error:
                problems.append(str(error))
        return max(found, default=(None, None), key=lambda each: each[0])[1], tuple(problems)

    def on_trial(self) -> bool:
        trial = load_history(self.history).trial
        return trial is not None and trial.version == self.running

    def judge(self, *, ready: bool) -> Verdict:
        """Settles, or refuses, what was tried, and remembers it. Raises CommandError."""
        history = load_history(self.history)
        judged = verdict(history, running=self.running, boot_id=self.boot_id, ready=ready)
        if judged is Verdict.FELL_BACK:
            self.rauc.refuse_other()
        elif judged is Verdict.KEEP or (judged is Verdict.NOTHING and ready):
            self.rauc.keep()
        save_history(self.history, after(history, judged))
        return judged
