"""What happens to the gradient of a value that is used twice?

Computes the cross entropy of a sigmoid, h = −y·log ŷ − (1 − y)·log(1 − ŷ) with ŷ = 1/(1 + e^−x), from small steps. Both
y and ŷ are used twice, so two gradients meet at each of them.

Look for: where arrows meet, gradients are added; and after all these steps dh/dx is simply ŷ − y, and dh/dy is −x.

Run: python examples/fan_out.py
"""

import argparse

import glassgrad as gg
from glassgrad import viz

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--out", default="fan_out.svg", help="the picture (default: %(default)s)")
arguments.add_argument("--short", action="store_true", help="the same: this example takes no time")
options = arguments.parse_args()

x = gg.Scalar(0.5, requires_grad=True, name="x")
y = gg.Scalar(0.8, requires_grad=True, name="y")

s = (-x).exp()
y_hat = 1 / (1 + s)
z1 = y * y_hat.log()
z2 = (1 - y) * (1 - y_hat).log()
h = -z1 - z2
s.name, y_hat.name, z1.name, z2.name, h.name = "s", "ŷ", "z1", "z2", "h"
h.backward()

print(f"h = {h.value:.6f}")
print(f"dh/dx = {x.grad:.6f}, and ŷ − y = {y_hat.value - y.value:.6f}")
print(f"dh/dy = {y.grad:.6f}, and −x = {-x.value:.6f}")

picture = viz.graph(h, title="h = −y·log ŷ − (1 − y)·log(1 − ŷ)")
try:
    picture.save(options.out)
    print(f"The graph is in {options.out}")
except viz.RenderError as error:
    print(picture)
    print(error)
