"""Images in other sizes: interpolation and the exchange of channels for pixels."""

from __future__ import annotations

__all__: list[str] = []
