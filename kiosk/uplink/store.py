"""Packets and receipts in an object store: a folder, or any S3 engine.

packets/<sha256>.ktp       the packet, named by its content: sending it twice is sending it once
packets/<sha256>.receipt   the receiver's answer
parts/<sha256>/<count>-<number>   a packet on its way (see `parts`), until the receiver has joined it
accepted/<nik hash>        the packet the receiver took for this person, so that there is only one
images/<version>.raucb     signed images for the units

A server may keep an object whose body the line broke off (SeaweedFS 4 keeps an empty one). So an object of
the wrong size counts as not there, and is replaced.
"""

from __future__ import annotations

import configparser
import datetime as dt
import errno
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError
from obstore.store import LocalStore, S3Store

if TYPE_CHECKING:
    from obstore import GetOptions, ObjectMeta, UpdateVersion
    from obstore.store import S3Config

LARGEST_PACKET_BYTES = 32 * 1024 * 1024
"""Sixty times a packet of today. Who can write to the store cannot fill a receiver's memory."""
_REQUEST_TIMEOUT = dt.timedelta(minutes=15)
"""For one whole put: 600 kB over a line of 8 kbit/s take ten minutes."""
_CONNECT_TIMEOUT = dt.timedelta(seconds=10)
_PACKET = re.compile(r"packets/([0-9a-f]{64})\.(ktp|receipt)")
_PART = re.compile(r"parts/([0-9a-f]{64})/([0-9]{5})-([0-9]{5})")
_REFUSED_CERTIFICATE = re.compile(r"InvalidCertificate\(\s*(\w+)")
_IMAGE = re.compile(r"images/([0-9.]{1,64})\.raucb")
_S3_OPTIONS = {"endpoint", "region", "prefix", "credentials"}
_RECEIPT_BLOCK_BYTES = 512
"""A receipt is a ustar archive: whole blocks. One that is cut ends elsewhere."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
PartSets = Mapping[int, Mapping[int, int]]
"""Of one packet: in how many parts, and of those that are there number and size in bytes."""
T = TypeVar("T")


class StoreUrlError(ValueError):
    """The store's URL or its credentials file will not do; says what is allowed."""


class StoreUnavailableError(Exception):
    """The store did not do what was asked: unreachable, full, or it refuses this unit."""


class TooLargeError(Exception):
    """An object larger than any packet; it was not read."""


_NO_SECOND_NAME = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)


class Delivery(StrEnum):
    NEW = "new"
    ALREADY_THERE = "already_there"


def open_store(url: str) -> PacketStore:
    """`file:///folder` or `s3://bucket?endpoint=https://host:port&region=..&prefix=..&credentials=FILE`.

    S3 credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from FILE, an AWS shared
    credentials file whose `default` profile counts. Plain http is for this machine only. Connects to
    nothing. Raises StoreUrlError, and StoreUnavailableError for a folder that cannot be made.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path:
        folder = Path(unquote(parts.path))
        return PacketStore(_ask(lambda: LocalStore(folder, mkdir=True)), conditional=has_hard_links(folder))
    if parts.scheme == "s3" and parts.netloc:
        return PacketStore(_s3(parts.netloc, parse_qs(parts.query, keep_blank_values=True)))
    raise StoreUrlError(f"{url!r} is no store; allowed: file:///folder or s3://bucket?endpoint=...")


class PacketStore:
    """Every method raises StoreUnavailableError and may simply be called again.

    conditional: whether a put can be refused because the object is there. Not on a stick with FAT or exFAT,
    which is in one machine at a time: there it is looked at first.
    """

    def __init__(self, store: LocalStore | S3Store, *, conditional: bool = True) -> None:
        self._store = store
        self._conditional = conditional

    @property
    def is_folder(self) -> bool:
        """On this machine: a put is a copy, and needs neither parts nor pace."""
        return isinstance(self._store, LocalStore)

    def put_packet(self, sha256: str, data: bytes) -> Delivery:
        created = self._create(f"packets/{sha256}.ktp", data, whole=lambda size: size == len(data))
        return Delivery.NEW if created else Delivery.ALREADY_THERE

    def has_packet(self, sha256: str, *, size: int) -> bool:
        found = self._head(f"packets/{sha256}.ktp")
        return found is not None and found["size"] == size

    def put_part(self, sha256: str, number: int, count: int, data: bytes) -> None:
        """number: from 1. A part that is there stays."""
        self._create(_part_path(sha256, number, count), data, whole=lambda size: size == len(data))

    def parts(self, sha256: str, count: int) -> Mapping[int, int]:
        """Number and size of the parts that are there, of a packet in `count` parts."""
        found = self._listed(f"parts/{sha256}", _PART)
        return {int(name[3]): size for name, size in found if int(name[2]) == count}

    def in_parts(self) -> Mapping[str, PartSets]:
        """By SHA-256, the packets that have parts there."""
        packets: dict[str, dict[int, dict[int, int]]] = {}
        for name, size in self._listed("parts", _PART):
            packets.setdefault(name[1], {}).setdefault(int(name[2]), {})[int(name[3])] = size
        return packets

    def join(self, sha256: str, parts: PartSets) -> None:
        """Makes the packet of its parts if they are all there and whole, and removes them once it is there."""
        complete = [sizes for count, sizes in parts.items() if len(sizes) == count]
        if any(self._join(sha256, sizes) for sizes in complete) or self._is_whole(sha256):
            self._remove([_part_path(sha256, n, count) for count, sizes in parts.items() for n in sizes])

    def unanswered(self) -> Iterator[str]:
        """SHA-256 of every packet without a receipt, in order. Other objects are passed over."""
        packets: set[str] = set()
        answered: set[str] = set()
        for name, size in self._listed("packets", _PACKET):
            if name[2] == "ktp":
                packets.add(name[1])
            elif _whole_receipt(size):
                answered.add(name[1])
        yield from sorted(packets - answered)

    def packet(self, sha256: str) -> bytes | None:
        """Raises TooLargeError."""
        return self._read(f"packets/{sha256}.ktp")

    def put_receipt(self, sha256: str, receipt: bytes) -> bool:
        """False when there is a receipt already; the first one stays."""
        return self._create(f"packets/{sha256}.receipt", receipt, whole=_whole_receipt)

    def receipt(self, sha256: str) -> bytes | None:
        """Raises TooLargeError."""
        return self._read(f"packets/{sha256}.receipt")

    def has_receipt(self, sha256: str) -> bool:
        """Whether a whole one is there."""
        found = self._head(f"packets/{sha256}.receipt")
        return found is not None and _whole_receipt(found["size"])

    def claim(self, nik_hash: str, sha256: str) -> str:
        """Takes the person's place for this packet if it is free; returns the packet that has it."""
        path = f"accepted/{nik_hash}"
        if self._create(path, sha256.encode("ascii"), whole=lambda size: size == len(sha256)):
            return sha256
        holder = self._read(path)
        if holder is None:
            raise StoreUnavailableError(f"{path} is there and is not")
        return holder.decode("ascii", "replace")

    def images(self) -> Iterator[tuple[str, int]]:
        """Version and size in bytes of every image offered to units, in no order."""
        for name, size in self._listed("images", _IMAGE):
            yield name[1], size

    def image_tag(self, version: str) -> str | None:
        """What tells one image of that name from another (entity tag, RFC 9110, 8.8.3); None without one."""
        found = self._head(f"images/{version}.raucb")
        return found["e_tag"] if found is not None else None

    def image_part(self, version: str, *, tag: str | None, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end` of the image that has this tag."""
        path = f"images/{version}.raucb"
        options: GetOptions = {"range": (start, end)}
        if tag is not None:
            options["if_match"] = tag
        try:
            return _ask(lambda: bytes(obstore.get(self._store, path, options=options).bytes()))
        except PreconditionError:
            raise StoreUnavailableError(f"{path} was replaced while it was fetched") from None
        except (NotFoundError, FileNotFoundError):
            raise StoreUnavailableError(f"{path} is not there") from None

    def _create(self, path: str, data: bytes, *, whole: Callable[[int], bool]) -> bool:
        """False when the object is there. whole: whether one of this size in bytes is all of it."""
        if not self._conditional:
            there = self._head(path)
            if there is not None and whole(there["size"]):
                return False
            _ask(lambda: obstore.put(self._store, path, data, mode="overwrite", use_multipart=False))
            return True
        try:
            _ask(lambda: obstore.put(self._store, path, data, mode="create", use_multipart=False))
        except AlreadyExistsError:
            found = self._head(path)
            if found is None:
                raise StoreUnavailableError(f"{path} is there and is not") from None
            return not whole(found["size"]) and self._replace(path, data, found)
        return True

    def _replace(self, path: str, data: bytes, broken: ObjectMeta) -> bool:
        """False when somebody else did so first."""
        tag = broken["e_tag"]
        mode: UpdateVersion | Literal["overwrite"] = (
            "overwrite"  # in a folder, where a put is whole or not at all
        )
        if tag is not None and not self.is_folder:
            mode = {"e_tag": tag}
        try:
            _ask(lambda: obstore.put(self._store, path, data, mode=mode, use_multipart=False))
        except PreconditionError:
            return False
        return True

    def _head(self, path: str) -> ObjectMeta | None:
        try:
            return _ask(lambda: obstore.head(self._store, path))
        except (NotFoundError, FileNotFoundError):
            return None

    def _read(self, path: str) -> bytes | None:
        try:
            found = _ask(lambda: obstore.get(self._store, path))
            if found.meta["size"] > LARGEST_PACKET_BYTES:
                raise TooLargeError(f"{found.meta['size']} bytes; allowed: {LARGEST_PACKET_BYTES}")
            return _ask(lambda: bytes(found.bytes()))
        except (NotFoundError, FileNotFoundError):
            return None

    def _listed(self, prefix: str, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], int]]:
        """The names under `prefix` that have the pattern, with sizes in bytes, in no order."""
        batches = _ask(lambda: list(obstore.list(self._store, prefix=prefix)))
        for meta in (meta for batch in batches for meta in batch):
            if found := pattern.fullmatch(meta["path"]):
                yield found, meta["size"]

    def _join(self, sha256: str, sizes: Mapping[int, int]) -> bool:
        """False for parts that are broken, too many, or removed by another receiver meanwhile."""
        if sum(sizes.values()) > LARGEST_PACKET_BYTES:
            return False
        pieces = (self._read(_part_path(sha256, number, len(sizes))) for number in sorted(sizes))
        data = b"".join(piece or b"" for piece in pieces)
        if hashlib.sha256(data).hexdigest() != sha256:
            return False
        self.put_packet(sha256, data)
        return True

    def _is_whole(self, sha256: str) -> bool:
        data = self.packet(sha256)
        return data is not None and hashlib.sha256(data).hexdigest() == sha256

    def _remove(self, paths: Sequence[str]) -> None:
        try:
            _ask(lambda: obstore.delete(self._store, paths))
        except (NotFoundError, FileNotFoundError):  # another receiver was first
            return


def has_hard_links(folder: Path) -> bool:
    """Whether a file there can have two names, which is how a folder refuses a second put."""
    try:
        with tempfile.TemporaryDirectory(prefix=".", dir=folder) as scratch:
            first = Path(scratch) / "first"
            first.touch()
            (Path(scratch) / "second").hardlink_to(first)
    except OSError as error:
        return error.errno not in _NO_SECOND_NAME
    return True


def _whole_receipt(size: int) -> bool:
    return size > 0 and size % _RECEIPT_BLOCK_BYTES == 0


def _part_path(sha256: str, number: int, count: int) -> str:
    return f"parts/{sha256}/{count:05}-{number:05}"


def _ask(request: Callable[[], T]) -> T:
    try:
        return request()
    except (AlreadyExistsError, NotFoundError, FileNotFoundError, PreconditionError):
        raise
    except (BaseError, OSError) as error:
        raise StoreUnavailableError(_told(error)) from error


def _told(error: Exception) -> str:
    """The first line, and for a certificate that is not believed, why: obstore tells that far below only."""
    text = str(error).strip()
    line = text.partition("\n")[0] or type(error).__name__
    refused = _REFUSED_CERTIFICATE.search(text)
    return f"{line}: the store's certificate is not believed ({refused[1]})" if refused else line


def _s3(bucket: str, query: dict[str, list[str]]) -> S3Store:
    options = {name: values[-1] for name, values in query.items()}
    unknown = sorted(set(options) - _S3_OPTIONS)
    if unknown:
        raise StoreUrlError(f"{', '.join(unknown)}: unknown; allowed: {', '.join(sorted(_S3_OPTIONS))}")
    endpoint = options.get("endpoint", "")
    where = urlsplit(endpoint)
    plain = where.scheme == "http" and where.hostname in _LOOPBACK
    if endpoint and where.scheme != "https" and not plain:
        raise StoreUrlError(f"endpoint {endpoint!r}; allowed: https://..., or http:// on this machine")
    config: S3Config = {"region": options.get("region", "us-east-1"), "conditional_put": "etag"}
    if endpoint:
        config["endpoint"] = endpoint
    if "credentials" in options:
        config["access_key_id"], config["secret_access_key"] = _credentials(Path(options["credentials"]))
    return S3Store(
        bucket,
        prefix=options.get("prefix"),
        config=config,
        client_options={
            "allow_http": plain,
            "timeout": _REQUEST_TIMEOUT,
            "connect_timeout": _CONNECT_TIMEOUT,
        },
        retry_config={"max_retries": 0},  # the uplink's own back-off retries, and says why
    )


def _credentials(path: Path) -> tuple[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text())
        profile = parser["default"]
        return profile["aws_access_key_id"], profile["aws_secret_access_key"]
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError) as error:
        raise StoreUrlError(f"{path}: no AWS shared credentials file with a default profile") from error
