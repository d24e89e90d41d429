"""Text ids into the resident's words: one catalogue per language, `<language>.toml` beside this file."""

from kiosk.i18n.catalogue import Catalogue, Phrase, UnknownTextError, catalogue, translate

__all__ = ["Catalogue", "Phrase", "UnknownTextError", "catalogue", "translate"]
