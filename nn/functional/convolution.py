"""Convolutions and their transposes, and the windows they see."""

from __future__ import annotations

from ...autograd.ops.convolution import conv1d, conv2d, conv3d
from ...autograd.ops.convolution_transposed import conv_transpose1d, conv_transpose2d, conv_transpose3d

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]
