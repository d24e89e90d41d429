"""Live pictures: one GL texture per slot, written only when a new frame has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.uix.widget import Widget
from numpy.typing import NDArray

from hw.api import Frame


class Previews:
    """The textures of all preview slots. A texture is made anew only when a slot's picture changes shape.

    written: how many frames were put into a texture so far.
    """

    def __init__(self, newest: Callable[[str], Frame | None]) -> None:
        self._newest = newest
        self._textures: dict[str, Any] = {}
        self._shown: dict[str, tuple[int, str]] = {}
        self.written = 0

    def texture(self, slot: str) -> Any | None:
        """The slot's texture with its newest frame in it, None before the first."""
        frame = self._newest(slot)
        if frame is None:
            return self._textures.get(slot)
        height, width = frame.pixels.shape[:2]
        form = "luminance" if frame.pixels.ndim == 2 else "rgb"
        texture = self._textures.get(slot)
        if texture is None or texture.size != (width, height) or texture.colorfmt != form:
            texture = self._textures[slot] = upright_texture(width, height, form)
            self._shown.pop(slot, None)
        stamp = (frame.sequence, frame.device)
        if self._shown.get(slot) != stamp:
            blit(texture, frame.pixels, form)
            self._shown[slot] = stamp
            self.written += 1
        return texture

    def forget(self) -> None:
        """Lets go of all pictures: the next resident must not see the last one's."""
        self._textures.clear()
        self._shown.clear()


def upright_texture(width: int, height: int, form: str) -> Any:
    texture = Texture.create(size=(width, height), colorfmt=form)
    texture.flip_vertical()
    return texture


def blit(texture: Any, pixels: NDArray[np.uint8], form: str) -> None:
    buffer = np.array(pixels).reshape(-1)  # a copy: Kivy takes no read-only buffer, and frames are read-only
    texture.blit_buffer(buffer, colorfmt=form, bufferfmt="ubyte")


def picture_of(pixels: NDArray[np.uint8]) -> Any:
    """A texture of its own for a still picture, grey (h, w) or RGB (h, w, 3)."""
    form = "luminance" if pixels.ndim == 2 else "rgb"
    texture = upright_texture(pixels.shape[1], pixels.shape[0], form)
    blit(texture, pixels, form)
    return texture


class Picture(Widget):
    """A texture as large as the box allows, its proportions kept.

    mirrored: shown as in a mirror, so that a person who leans left moves left. filling: the box is
    filled and what stands over, equally on both sides, is cut off.
    """

    def __init__(self, *, mirrored: bool = False, filling: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mirrored = mirrored
        self.filling = filling
        self.texture: Any | None = None
        with self.canvas:
            self._tint = Color(1, 1, 1, 0)
            self._rectangle = Rectangle(size=(0, 0))
        for name in ("pos", "size"):
            self.fbind(name, self._place)

    def show(self, texture: Any | None) -> None:
        if texture is self.texture:
            self.canvas.ask_update()
            return
        self.texture = texture
        self._rectangle.texture = texture
        self._tint.a = 0 if texture is None else 1
        self._place()

    @property
    def placed(self) -> tuple[float, float, float]:
        """Left and low edge of the picture on the screen, and screen pixels per picture pixel."""
        if self.texture is None:
            return self.x, self.y, 1.0
        width, height = self.texture.size
        fits = max if self.filling else min
        scale = fits(self.width / width, self.height / height)
        return self.center_x - width * scale / 2, self.center_y - height * scale / 2, scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the picture (origin top left) is on the screen."""
        left, low, scale = self.placed
        width, height = self.texture.size if self.texture is not None else (0, 0)
        return left + (width - x if self.mirrored else x) * scale, low + (height - y) * scale

    def _place(self, *_: object) -> None:
        if self.texture is None or min(self.width, self.height) <= 0:
            return
        left, low, scale = self.placed
        width, height = (side * scale for side in self.texture.size)
        shown_width, shown_height = min(width, self.width), min(height, self.height)
        self._rectangle.pos = (max(left, self.x), max(low, self.y))
        self._rectangle.size = (shown_width, shown_height)
        over_x, over_y = (1 - shown_width / width) / 2, (1 - shown_height / height) / 2
        near, far = (1 - over_x, over_x) if self.mirrored else (over_x, 1 - over_x)
        below, above = 1 - over_y, over_y
        self._rectangle.tex_coords = (near, below, far, below, far, above, near, above)
