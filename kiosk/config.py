"""The configuration: one typed TOML file over documented defaults (`kiosk/default.toml`).

A wrong key or value is a `Problem` with its line, what was found and what is allowed; all of them
are told at once, in a `ConfigError`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from kiosk.enrollment.policy import Policy
from kiosk.enrollment.positions import Modality

DEVICE_KINDS = (
    *("face", "slap", "iris", "signature", "code", "printer", "panel"),
    *("finger", "power", "position", "card"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """line: 1-based, 0 when the whole file is meant."""

    line: int
    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.key} is {self.found}; allowed: {self.allowed}"


class ConfigError(Exception):
    """path: the file; problems: all that is wrong with it."""

    def __init__(self, path: Path, problems: tuple[Problem, ...]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))


@dataclass(frozen=True, slots=True)
class Screen:
    fullscreen: bool
    width: int
    height: int
    dpi: int


@dataclass(frozen=True, slots=True)
class KeyStoreSettings:
    """kind: file or tpm. tpm: how tpm2-tss reaches it. passphrase_file: None for no passphrase."""

    kind: str
    tpm: str
    passphrase_file: Path | None


@dataclass(frozen=True, slots=True)
class Config:
    """lines: where each key stands in the file, for later checks such as device URLs."""

    path: Path
    unit_id: str
    office: str
    data: Path
    keys: Path
    key_store: KeyStoreSettings
    prompts: Path | None
    stick: Path | None
    devices: Mapping[str, str]
    store: str
    uplink_interval_s: float
    uplink_ca: Path | None
    uplink_part_kb: int
    uplink_bandwidth_kbps: float
    policy: Policy
    speech: str
    screen: Screen
    lines: Mapping[str, int]

    def problem(self, key: str, *, found: str, allowed: str) -> ConfigError:
        return ConfigError(self.path, (Problem(self.lines.get(key, 0), key, found, allowed),))


@dataclass(frozen=True, slots=True)
class _Rule:
    """accepts: whether the value is allowed; allowed: the same in words."""

    kind: type | tuple[type, ...]
    allowed: str
    accepts: Callable[[object], bool] = lambda _: True


def _number(low: float, high: float, *, whole: bool = False) -> _Rule:
    noun = "a whole number" if whole else "a number"
    kind: type | tuple[type, ...] = int if whole else (int, float)
    return _Rule(
        kind, f"{noun} from {low:.9g} to {high:.9g}", lambda v: isinstance(v, int | float) and low <= v <= high
    )


def _matching(pattern: str, words: str) -> _Rule:
    return _Rule(str, words, lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None)


_TEXT = _Rule(str, "a text in quotes")
_YES_NO = _Rule(bool, "true or false")
_AGE = _number(0, 125, whole=True)
_SCORE = _number(0, 100, whole=True)

RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "unit.id": _matching(r"[A-Za-z0-9-]{1,32}", "1 to 32 letters, digits and dashes"),
        "unit.office": _matching(r".{1,60}", "1 to 60 characters"),
        "paths.data": _matching(r".+", "a folder"),
        "paths.keys": _matching(r".+", "a folder"),
        "paths.prompts": _TEXT,
        "paths.stick": _TEXT,
        "keys.store": _matching(r"file|tpm", "file or tpm"),
        "keys.tpm": _matching(r"[a-z]+:.+", "a TCTI of tpm2-tss, such as device:/dev/tpmrm0"),
        "keys.passphrase_file": _TEXT,
        **{f"devices.{kind}": _TEXT for kind in DEVICE_KINDS},
        "uplink.store": _matching(
            r"(file:///.+|s3://.+)?", "file:///FOLDER, s3://BUCKET?endpoint=URL, or empty"
        ),
        "uplink.interval_s": _number(0.2, 3600),
        "uplink.ca": _TEXT,
        "uplink.part_kb": _number(4, 32000, whole=True),
        "uplink.bandwidth_kbps": _number(0, 1_000_000),
        "policy.min_capture_age_years": _AGE,
        "policy.min_print_age_years": _AGE,
        "policy.attempts_allowed": _number(1, 10, whole=True),
        "policy.hold_still_s": _number(0, 10),
        "policy.capture_timeout_s": _number(2, 300),
        "policy.idle_s": _number(20, 3600),
        "policy.still_there_s": _number(20, 600),
        "policy.keep_received_h": _number(0, 8760),
        "policy.officer_card_required": _YES_NO,
        **{f"policy.minimum_{modality}": _SCORE for modality in Modality},
        "speech.engine": _matching(r"auto|espeak|silent", "auto, espeak or silent"),
        "screen.fullscreen": _YES_NO,
        "screen.width": _number(640, 7680, whole=True),
        "screen.height": _number(400, 4320, whole=True),
        "screen.dpi": _number(60, 600, whole=True),
    }
)


def default_text() -> str:
    return (resources.files("kiosk") / "default.toml").read_text("utf-8")


def load(path: Path | None = None) -> Config:
    """The configuration of `path` over the defaults. Raises ConfigError."""
    values = _flat(tomllib.loads(default_text()))
    if path is None:
        return _config(Path("kiosk.toml").absolute(), values, {})
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            path, (Problem(0, "the file", f"unreadable ({error})", "a TOML file in UTF-8"),)
        ) from error
    return parse(text, path=path, base=values)


def parse(text: str, *, path: Path, base: Mapping[str, object] | None = None) -> Config:
    """As `load`, from text that `path` holds."""
    base = _flat(tomllib.loads(default_text())) if base is None else base
    try:
        found = _flat(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at.group(1)) if at else 0
        raise ConfigError(path, (Problem(line, "the file", f"not TOML ({error})", "a TOML file"),)) from error
    lines = _lines(text)
    problems = tuple(problem for key, value in found.items() if (problem := _problem(key, value, lines)))
    if problems:
        raise ConfigError(path, problems)
    return _config(path, {**base, **found}, lines)


def _problem(key: str, value: object, lines: Mapping[str, int]) -> Problem | None:
    line = lines.get(key, 0)
    rule = RULES.get(key)
    if rule is None:
        table = key.rpartition(".")[0]
        siblings = [name.rpartition(".")[2] for name in RULES if name.rpartition(".")[0] == table]
        tables = sorted({name.partition(".")[0] for name in RULES})
        allowed = f"in [{table}]: {', '.join(siblings)}" if siblings else f"the tables {', '.join(tables)}"
        return Problem(line, key, "unknown", allowed)
    is_bool = isinstance(value, bool)
    if not isinstance(value, rule.kind) or (is_bool and rule.kind is not bool) or not rule.accepts(value):
        return Problem(line, key, repr(value), rule.allowed)
    return None


def _flat(tables: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    values: dict[str, object] = {}
    for name, value in tables.items():
        if isinstance(value, dict):
            values |= _flat(value, f"{prefix}{name}.")
        else:
            values[prefix + name] = value
    return values


def _lines(text: str) -> dict[str, int]:
    """Dotted key -> its line. Keys of this file are bare words in [tables], one to a line."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            table = header.group(1).strip() + "."
        elif key := re.match(r"\s*([\w.-]+)\s*=", line):
            lines[table + key.group(1)] = number
    return lines


def _config(path: Path, values: Mapping[str, object], lines: Mapping[str, int]) -> Config:
    def text(key: str) -> str:
        return str(values[key])

    def number(key: str) -> float:
        return float(str(values[key]))

    def folder(key: str) -> Path:
        return (path.parent / text(key)).resolve()

    policy = Policy(
        min_capture_age_years=int(number("policy.min_capture_age_years")),
        min_print_age_years=int(number("policy.min_print_age_years")),
        attempts_allowed=int(number("policy.attempts_allowed")),
        minimum_scores=MappingProxyType({m: int(number(f"policy.minimum_{m}")) for m in Modality}),
        hold_still_s=number("policy.hold_still_s"),
        capture_timeout_s=number("policy.capture_timeout_s"),
        idle_s=number("policy.idle_s"),
        still_there_s=number("policy.still_there_s"),
        keep_received_s=3600 * number("policy.keep_received_h"),
        officer_card_required=bool(values["policy.officer_card_required"]),
    )
    screen = Screen(
        fullscreen=bool(values["screen.fullscreen"]),
        width=int(number("screen.width")),
        height=int(number("screen.height")),
        dpi=int(number("screen.dpi")),
    )
    return Config(
        path=path,
        unit_id=text("unit.id"),
        office=text("unit.office"),
        data=folder("paths.data"),
        keys=folder("paths.keys"),
        key_store=KeyStoreSettings(
            text("keys.store"),
            text("keys.tpm"),
            folder("keys.passphrase_file") if text("keys.passphrase_file") else None,
        ),
        prompts=folder("paths.prompts") if text("paths.prompts") else None,
        stick=folder("paths.stick") if text("paths.stick") else None,
        devices=MappingProxyType(
            {kind: text(f"devices.{kind}") for kind in DEVICE_KINDS if text(f"devices.{kind}")}
        ),
        store=text("uplink.store"),
        uplink_interval_s=number("uplink.interval_s"),
        uplink_ca=folder("uplink.ca") if text("uplink.ca") else None,
        uplink_part_kb=int(number("uplink.part_kb")),
        uplink_bandwidth_kbps=number("uplink.bandwidth_kbps"),
        policy=policy,
        speech=text("speech.engine"),
        screen=screen,
        lines=MappingProxyType(dict(lines)),
    )
