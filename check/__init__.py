"""Are the gradients right? Numerical differentiation, gradient checking, and readable reports.

>>> import glassgrad as gg
>>> bool(gg.check.gradcheck(gg.tanh, gg.tensor([0.5, -2.0])))
True
"""

from .gradcheck import gradcheck, gradcheck_module
from .numerical import numerical_gradient
from .report import Finding, GradcheckError, Kink, Report, Worst, table

__all__ = [
    "Finding", "GradcheckError", "Kink", "Report", "Worst", "gradcheck", "gradcheck_module", "numerical_gradient",
    "table",
]  # fmt: skip
