"""How does a gradient flow back through a computation?

Draws z = (a·x − y)² at x = 3, a = 2, y = 1, with values going forward and gradients coming back.

Look for: on every dashed arrow the upstream gradient times the local derivative is the message that arrives; the local
derivative of the square is 2·t, that of the product is the other factor.

Run: python examples/chain_rule.py
"""

import argparse

import glassgrad as gg
from glassgrad import viz

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--out", default="chain_rule.svg", help="the picture (default: %(default)s)")
arguments.add_argument("--short", action="store_true", help="the same: this example takes no time")
options = arguments.parse_args()

a = gg.Scalar(2.0, requires_grad=True, name="a")
x = gg.Scalar(3.0, requires_grad=True, name="x")
y = gg.Scalar(1.0, requires_grad=True, name="y")

s = a * x
t = s - y
z = t**2
s.name, t.name, z.name = "s", "t", "z"
z.backward()

print(f"z = {z.value}")
for leaf in (a, x, y):
    print(f"dz/d{leaf.name} = {leaf.grad}")

picture = viz.graph(z, title="z = (a·x − y)²")
try:
    picture.save(options.out)
    print(f"The graph is in {options.out}")
except viz.RenderError as error:
    print(picture)
    print(error)
