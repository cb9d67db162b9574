"""How many steps does it take when one knows the curvature, and does one ever need the whole Hessian?

Finds the minimum of Rosenbrock's function by gradient descent, by Newton's method with the Hessian, and, in 100
dimensions, by Newton's method with Hessian-vector products only, each step solved by conjugate gradients.

Look for: gradient descent is still on its way through the bent valley after thousands of steps, Newton's method arrives
after some twenty; in 100 dimensions it needs a step or two for each of them, though no matrix was ever made.

Run: python examples/newton.py
"""

import argparse

import numpy as np

import glassgrad as gg
from glassgrad import func

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--short", action="store_true", help="fewer steps of gradient descent")
options = arguments.parse_args()


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def conjugate_gradients(multiply, b, tolerance=1e-10):
    """Solve multiply(x) = b, stopping early where the curvature is negative."""
    x, r = 0 * b, b
    p = r
    for _ in range(2 * len(b)):
        if r @ r <= tolerance**2:
            break
        hp = multiply(p)
        curvature = p @ hp
        if curvature <= 0:
            return p if not x.any() else x
        step = (r @ r) / curvature
        x, after = x + step * p, r - step * hp
        p, r = after + (after @ after) / (r @ r) * p, after
    return x


def shortened(x, step):
    """Halve the step until the function falls."""
    value = rosenbrock(gg.tensor(x)).item()
    while rosenbrock(gg.tensor(x - step)).item() > value and np.abs(step).max() > 1e-12:
        step = step / 2
    return x - step


def newton(x, solve):
    for steps in range(1, 200):
        gradient = func.grad(rosenbrock)(gg.tensor(x)).numpy()
        if np.abs(gradient).max() < 1e-8:
            return x, steps - 1
        x = shortened(x, solve(x, gradient))
    return x, steps


def with_the_hessian(x, gradient):
    return np.linalg.solve(func.hessian(rosenbrock)(gg.tensor(x)).numpy(), gradient)


def with_products(x, gradient):
    _, multiply = func.vjp(func.grad(rosenbrock), gg.tensor(x))
    return conjugate_gradients(lambda v: multiply(v)[0].numpy(), gradient)


x = start = np.array([-1.2, 1.0])
limit = 500 if options.short else 5000
descent = 0
while descent < limit:
    descent += 1
    gradient = func.grad(rosenbrock)(gg.tensor(x)).numpy()
    if np.abs(gradient).max() < 1e-8:
        break
    x = x - 1e-3 * gradient
print(f"gradient descent        {descent:6d} steps  at {x}")
x, steps = newton(start, with_the_hessian)
print(f"Newton, Hessian         {steps:6d} steps  at {x}")
x, steps = newton(np.zeros(100), with_products)
print(f"Newton, products, 100-d {steps:6d} steps  largest distance from the minimum {np.abs(x - 1).max():.1e}")
