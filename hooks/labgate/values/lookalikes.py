# ruff: noqa: RUF001  (ambiguous letters are what this module is about)
"""Plain ASCII for a name: look-alikes folded, accents and invisible characters removed."""

from __future__ import annotations

import unicodedata

# By shape if a letter looks like a Latin one (Unicode Technical Standard 39, confusables), else by sound.
_CYRILLIC = (
    "аa бb вv гg дd еe жzh зz иi йi кk лl мm нn оo пp рp сc тt уy фf хx цts чch шsh щsch ъ ыy ь эe юyu яya "
    "іi їi јj ѕs һh ԁd ԛq ԝw єe ґg ђdj ћc џdz љlj њnj АA ВB ЕE ЗZ КK МM НH ОO РP СC ТT УY ХX ІI ЈJ ЅS"
)
_GREEK = (
    "αa βb γg δd εe ζz ηn θth ιi κk λl μm νv ξx οo πp ρp σs ςs τt υu φf χx ψps ωw "
    "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX"
)
_LATIN = "ıi øo łl đd ßss æae œoe þth ðd ØO ŁL ĐD ÆAE ŒOE ÞTh ɑa ɡg"
_SIGNS = "‐- ‑- ‒- –- —- ―- −- ⁻- ⁄/ ∕/ ﹨/"
_PLAIN = {entry[0]: entry[1:] for table in (_CYRILLIC, _GREEK, _LATIN, _SIGNS) for entry in table.split()}
#: Blank though Unicode calls them letters or symbols (Default_Ignorable_Code_Point and the empty Braille cell).
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def plain(text: str) -> str:
    """Return the nearest ASCII text. Invisible characters are dropped; white space and unknown ones become ``-``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_plain_character(character) for character in unicodedata.normalize("NFKD", text))


def _plain_character(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    category = unicodedata.category(character)
    if character in _BLANK_LETTERS or category[0] == "M" or category in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return ""
    letters = _PLAIN.get(character)
    if letters is None and character.lower() in _PLAIN:
        letters = _PLAIN[character.lower()].capitalize()
    return "-" if letters is None else letters
