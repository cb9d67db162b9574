"""Colours of the pictures: the Okabe–Ito palette, which colour-blind readers can tell apart, with checked contrast.

Status never rests on colour alone: leaves, outputs and gradients also differ in badge, line style and place.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DARK", "FONT", "LIGHT", "PRINT", "THEMES", "Theme", "contrast"]

FONT = "Helvetica,Arial,sans-serif"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one theme, as ``#RRGGBB``. Text colours reach a contrast of 4.5 on their grounds, lines 3."""

    name: str
    background: str
    ink: str  # names and values
    muted: str  # badges, shapes, captions
    forward: str  # arrows of the forward pass
    backward: str  # arrows of the backward pass; a line colour, never text
    gradient: str  # gradient text
    gradient_fill: str
    leaf: str
    leaf_fill: str
    operation: str
    operation_fill: str
    output: str
    output_fill: str
    parameter: str  # text and border of parameters
    parameter_fill: str
    derivative: str  # border of operations that a backward pass recorded
    derivative_fill: str
    group: str
    group_fill: str
    inner_fill: str  # boxes inside boxes alternate between the two fills


LIGHT = Theme(
    name="light", background="#FFFFFF", ink="#0F172A", muted="#475569", forward="#334155", backward="#D55E00",
    gradient="#A63C00", gradient_fill="#FDF0E7", leaf="#0072B2", leaf_fill="#E8F3FB", operation="#64748B",
    operation_fill="#FFFFFF", output="#007A5A", output_fill="#E6F5F0", parameter="#8A6D00", parameter_fill="#FDF8E4",
    derivative="#8F4A84", derivative_fill="#F8EEF5", group="#94A3B8", group_fill="#F8FAFC", inner_fill="#FFFFFF",
)  # fmt: skip

DARK = Theme(
    name="dark", background="#0F172A", ink="#F1F5F9", muted="#A9B8CC", forward="#CBD5E1", backward="#E8763A",
    gradient="#FFB38A", gradient_fill="#3B2214", leaf="#56B4E9", leaf_fill="#12304A", operation="#7D8DA3",
    operation_fill="#1B2639", output="#2FB58F", output_fill="#0E3A30", parameter="#E5C352", parameter_fill="#332B0C",
    derivative="#D693C9", derivative_fill="#36203A", group="#55657D", group_fill="#152035", inner_fill="#0F172A",
)  # fmt: skip

PRINT = Theme(
    name="print", background="#FFFFFF", ink="#000000", muted="#333333", forward="#000000", backward="#000000",
    gradient="#000000", gradient_fill="#EDEDED", leaf="#000000", leaf_fill="#FFFFFF", operation="#555555",
    operation_fill="#FFFFFF", output="#000000", output_fill="#FFFFFF", parameter="#333333", parameter_fill="#FFFFFF",
    derivative="#777777", derivative_fill="#F2F2F2", group="#999999", group_fill="#F7F7F7", inner_fill="#FFFFFF",
)  # fmt: skip

THEMES = {theme.name: theme for theme in (LIGHT, DARK, PRINT)}


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21, by the Web Content Accessibility Guidelines 2.1.

    >>> round(contrast("#A63C00", "#FDF0E7"), 1)
    5.8
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
