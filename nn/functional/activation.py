"""Activation functions."""

from __future__ import annotations

from ...autograd.ops.elementwise import relu, sigmoid, tanh
from ...autograd.ops.loss import log_softmax, softmax

__all__ = ["log_softmax", "relu", "sigmoid", "softmax", "tanh"]
