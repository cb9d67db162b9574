"""Convolutions and their transposes, and the windows they see."""

from __future__ import annotations

from ...autograd.ops.convolution import conv2d

__all__ = ["conv2d"]
