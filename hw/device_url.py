"""Device URLs: `scheme://host:port/path?name=value`, read once, with errors that say what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, unquote, urlsplit


class DeviceUrlError(ValueError):
    """One part of a device URL is wrong. part: "scheme", "parameter baud", ...; allowed: what would do."""

    def __init__(self, url: str, part: str, value: str, allowed: Iterable[str]) -> None:
        self.url = url
        self.part = part
        self.value = value
        self.allowed = tuple(allowed)
        super().__init__(f"{url!r}: {part} {value!r} is not known; allowed: {', '.join(self.allowed)}")


@dataclass(frozen=True, slots=True)
class DeviceUrl:
    text: str
    scheme: str
    host: str
    port: int | None
    path: str
    parameters: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> DeviceUrl:
        parts = urlsplit(text)
        if not parts.scheme:
            raise DeviceUrlError(text, "scheme", "", ["a URL such as v4l2:///dev/video0"])
        try:
            port = parts.port
        except ValueError:
            raise DeviceUrlError(text, "port", parts.netloc.rpartition(":")[2], ["1 to 65535"]) from None
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise DeviceUrlError(text, "parameter", name, ["each parameter once"])
        return cls(
            text=text,
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=port,
            path=unquote(parts.path),
            parameters=MappingProxyType(dict(pairs)),
        )

    def device_path(self) -> Path:
        """The device node or file the URL names; an error unless it is absolute and has no host."""
        if self.host:
            raise DeviceUrlError(self.text, "host", self.host, [f"none: {self.scheme}:///absolute/path"])
        if not self.path.startswith("/") or self.path == "/":
            raise DeviceUrlError(self.text, "path", self.path, [f"{self.scheme}:///absolute/path"])
        return Path(self.path)

    def address(self) -> tuple[str, int]:
        """The TCP address the URL names; an error unless both its parts are there."""
        if not self.host:
            raise DeviceUrlError(self.text, "host", "", [f"{self.scheme}://host:port"])
        if self.port is None:
            raise DeviceUrlError(self.text, "port", "", [f"{self.scheme}://host:port"])
        return self.host, self.port

    def choice(self, name: str, allowed: Iterable[str], *, default: str) -> str:
        value = self.parameters.get(name, default)
        options = tuple(allowed)
        if value not in options:
            raise DeviceUrlError(self.text, f"parameter {name}", value, options)
        return value

    def integer(self, name: str, *, default: int, lowest: int, highest: int) -> int:
        text = self.parameters.get(name, str(default))
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise DeviceUrlError(self.text, f"parameter {name}", text, [f"{lowest} to {highest}"])
        return int(text)
