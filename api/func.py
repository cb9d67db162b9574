"""Transforms of functions, under the names of ``torch.func`` and JAX.

>>> import glassgrad as gg
>>> gg.func.grad(lambda x: (x * x).sum())(gg.tensor([1.0, 2.0]))
tensor([2., 4.])
"""

from .autograd.func.jacobians import hessian, hvp, jacfwd, jacrev
from .autograd.func.transforms import grad, jvp, linearize, value_and_grad, vjp
from .autograd.func.vmap import vmap

__all__ = ["grad", "hessian", "hvp", "jacfwd", "jacrev", "jvp", "linearize", "value_and_grad", "vjp", "vmap"]
