"""How do I add an operation of my own, and know that its derivative is right?

Declares softplus(x) = log(1 + e^x) twice: once with the right derivative rule, and once with a wrong one.

Look for: one declaration gives gradients, second derivatives and a formula for pictures; the check passes the right
rule and names the input and the element where the wrong one differs.

Run: python examples/declare_an_operation.py
"""

import argparse

import numpy as np

import glassgrad as gg

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--short", action="store_true", help="the same: this example takes no time")
arguments.parse_args()


@gg.primitive(kind="elementwise", x=lambda g, x: g * gg.sigmoid(x))
def softplus(x):
    return np.logaddexp(0, x)


@gg.primitive(kind="elementwise", x=lambda g, x: g * gg.sigmoid(2 * x))
def wrong_softplus(x):
    return np.logaddexp(0, x)


x = gg.tensor([-1.0, 0.5, 2.0], requires_grad=True, name="x")
(first,) = gg.grad(softplus(x).sum(), [x], create_graph=True)
(second,) = gg.grad(first.sum(), [x])
print("formula      ", softplus.primitive.formula("x"))
print("f'  = σ(x)   ", first.numpy())
print("f'' = σ·(1−σ)", second.numpy())

print()
print(gg.gradcheck(softplus, [x]))
print()
print(gg.gradcheck(wrong_softplus, [x], raise_on_failure=False))
