"""Helpers for gradients, with PyTorch's names.

>>> import glassgrad as gg
>>> from glassgrad import nn
>>> w = gg.zeros(2, requires_grad=True)
>>> w.grad = gg.tensor([3.0, 4.0])
>>> nn.utils.clip_grad_norm_([w], max_norm=1.0)
tensor(5.)
>>> w.grad
tensor([0.6, 0.8])
"""

from .clip_grad import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]
