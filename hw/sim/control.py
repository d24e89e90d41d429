"""The simulation's remote control: JSON over HTTP on the loopback.

GET  /state /people /slips /slips/N.png /slips/N.json
POST /person {"index", "cloth"}  /leave  /sign {"speed"}  /scan {"code"}
POST /switch {"presence", "officer_key", "tamper"}
POST /finger {"position"}  /supply {"status", "charge_percent"}  /drive {"latitude_deg", "longitude_deg"}
POST /fault {"device", "fault", "count"}  /unplug {"device"}  /replug {"device"}

Answers are JSON objects; a request that cannot be met gets status 400, 404 or 409 and {"error"}.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hw.api import DeviceKind, Finger
from hw.sim.code import UnprintableCodeError
from hw.sim.crowd import UnknownPersonError
from hw.sim.device import UnknownFaultError
from hw.sim.people import Cloth
from hw.sim.printer_paper import PrintedSlip
from hw.sim.printer_render import render_png
from hw.sim.stage import NobodyThereError, Stage

MAX_BODY = 65536
SWITCHES = ("presence", "officer_key", "tamper")

Body = Mapping[str, Any]


class RequestError(ValueError):
    """The request is not of its form."""


_CLOTHS = {cloth.name.lower(): cloth for cloth in Cloth}
_REFUSALS = (RequestError, UnknownPersonError, UnknownFaultError, UnprintableCodeError)


class ControlServer:
    def __init__(self, stage: Stage, *, port: int = 0) -> None:
        """port: 0 for any free one. Raises OSError for one that is taken."""
        self._server = _Server(stage, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sim-control", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, stage: Stage, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.stage = stage


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0

    def do_GET(self) -> None:
        if match := re.fullmatch(r"/slips/(\d+)\.(png|json)", self.path):
            self._answer_slip(int(match[1]), match[2])
        elif self.path in _GETS:
            self._answer(HTTPStatus.OK, _GETS[self.path](self.server.stage))
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"GET {self.path} is not known"})

    def do_POST(self) -> None:
        action = _POSTS.get(self.path)
        if action is None:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"POST {self.path} is not known"})
            return
        try:
            self._answer(HTTPStatus.OK, action(self.server.stage, self._body()))
        except NobodyThereError as error:
            self._answer(HTTPStatus.CONFLICT, {"error": str(error)})
        except _REFUSALS as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _body(self) -> Body:
        length = int(self.headers.get("Content-Length", "0"))
        if length > MAX_BODY:
            raise RequestError(f"a body has at most {MAX_BODY} bytes")
        try:
            body = json.loads(self.rfile.read(length) or b"{}")
        except ValueError as error:
            raise RequestError(f"a body is JSON: {error}") from None
        if not isinstance(body, dict):
            raise RequestError("a body is a JSON object")
        return body

    def _answer_slip(self, number: int, form: str) -> None:
        slips = self.server.stage.printer.slips
        if number >= len(slips):
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"{len(slips)} slips have been printed"})
        elif form == "json":
            self._answer(HTTPStatus.OK, _describe_slip(slips[number]))
        else:
            self._send(HTTPStatus.OK, "image/png", render_png(slips[number]))

    def _answer(self, status: HTTPStatus, body: Body) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: HTTPStatus, content_type: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class named it
        """The one who asks knows what was asked."""


def _describe_slip(slip: PrintedSlip) -> Body:
    return {"text": list(slip.text()), "qr": slip.qr()}


def _people(stage: Stage) -> Body:
    return {"people": [{"index": one.index, "name": one.name} for one in stage.crowd.residents()]}


def _person(stage: Stage, body: Body) -> Body:
    word = body.get("cloth")
    if word is not None and word not in _CLOTHS:
        raise RequestError(f"cloth is one of {', '.join(_CLOTHS)}, not {word!r}")
    cloth = None if word is None else _CLOTHS[word]
    return {"name": stage.arrive(_integer(body, "index"), cloth)}


def _leave(stage: Stage, body: Body) -> Body:
    del body
    stage.leave()
    return {}


def _sign(stage: Stage, body: Body) -> Body:
    speed = body.get("speed", 1.0)
    if not isinstance(speed, int | float) or not 0.1 <= speed <= 100:
        raise RequestError(f"speed is 0.1 to 100, not {speed!r}")
    stage.sign(speed=speed)
    return {}


def _scan(stage: Stage, body: Body) -> Body:
    stage.code.scan(_word(body, "code"))
    return {}


def _switch(stage: Stage, body: Body) -> Body:
    for name, value in body.items():
        if name not in SWITCHES or not isinstance(value, bool):
            raise RequestError(f"switches are {', '.join(SWITCHES)}, true or false, not {name} {value!r}")
    stage.panel.set_inputs(**body)
    return {}


def _fault(stage: Stage, body: Body) -> Body:
    device, fault = stage.devices[_kind(stage, body)], _word(body, "fault")
    if fault not in device.faults:
        raise UnknownFaultError(fault, device.faults)
    device.fail(fault, count=_integer(body, "count", default=1))
    return {}


def _unplug(stage: Stage, body: Body) -> Body:
    stage.unplug(_kind(stage, body))
    return {}


def _replug(stage: Stage, body: Body) -> Body:
    stage.replug(_kind(stage, body))
    return {}


def _finger(stage: Stage, body: Body) -> Body:
    position = _integer(body, "position")
    if not position:
        stage.finger.lift()
    elif position in set(Finger):
        stage.finger.place(Finger(position))
    else:
        raise RequestError(f"position is 1 to 10 as in ISO/IEC 19794-4, 0 to lift it, not {position}")
    return {}


def _supply(stage: Stage, body: Body) -> Body:
    stage.power.supply(_word(body, "status"), charge_percent=_integer(body, "charge_percent"))
    return {}


def _drive(stage: Stage, body: Body) -> Body:
    north, east = _degrees(body, "latitude_deg", 90), _degrees(body, "longitude_deg", 180)
    stage.position.drive_to(latitude_deg=north, longitude_deg=east)
    return {}


def _kind(stage: Stage, body: Body) -> DeviceKind:
    word = _word(body, "device")
    if word not in stage.devices:
        raise RequestError(f"device is one of {', '.join(stage.devices)}, not {word!r}")
    return DeviceKind(word)


def _word(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise RequestError(f"{name} is a text, not {value!r}")
    return value


def _integer(body: Body, name: str, *, default: int | None = None) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or value < 0:
        raise RequestError(f"{name} is a number from 0, not {value!r}")
    return value


def _degrees(body: Body, name: str, most: int) -> float:
    value = body.get(name)
    if not isinstance(value, int | float) or abs(value) > most:
        raise RequestError(f"{name} is -{most} to {most}, not {value!r}")
    return float(value)


_GETS: Mapping[str, Callable[[Stage], Body]] = {
    "/state": Stage.state,
    "/people": _people,
    "/slips": lambda stage: {"count": len(stage.printer.slips)},
}
_POSTS: Mapping[str, Callable[[Stage, Body], Body]] = {
    "/person": _person,
    "/leave": _leave,
    "/sign": _sign,
    "/scan": _scan,
    "/switch": _switch,
    "/finger": _finger,
    "/supply": _supply,
    "/drive": _drive,
    "/fault": _fault,
    "/unplug": _unplug,
    "/replug": _replug,
}
