"""What do the notes' computation graphs look like, drawn by the library from the computations themselves?

Notes 000, 001 and 004: all their graphs, with the numbers of the worked examples. 001, 3.2 the chain rule (G1 to G4);
3.4 z = (ax − y)² forward (G5) and with derivatives (G6, G7), and the cross entropy of a sigmoid (G8, G9); 3.5 the
matrix product (G10); 3.7 softmax with its loss, composed and as one operation (G11); 4.1 the two-layer network (G12,
G13); 3.8 matrix product and loss together (G14); 000, 7.1 the layers of networks (G15); 004 LeNet and AlexNet (G16);
000, 7.8.2 the steps of batch normalisation (G17); 001, 9.2 and 003, 3.5.3 networks with dropped units (G18), which is
no computation graph.

A graph is nothing but the recorded computation: each function below computes something and names what it computed.
Where the notes print entries of a derivative, they are compared.

Look for: arrows that meet in one value, whose gradients add up; the gradient of every named value.

Run: python examples/source_graphs.py
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import nn, viz
from glassgrad.nn import functional as F


def number(value, name):
    return gg.Scalar(value, requires_grad=True, name=name)


def array(values, name, requires_grad=True):
    return gg.tensor(values, dtype="float64", requires_grad=requires_grad, name=name)


def backward(output, **names):
    """Differentiate, keep the gradients of all that is named, and return what a picture needs.

    The leaves are among the names, too: a tensor that nobody holds takes its gradient with it.
    """
    for value in names.values():
        if isinstance(value, gg.Tensor) and value.requires_grad:
            value.retain_grad()
    output.backward()
    return output, names


def one_route():
    """G1: x → u → z, a sigmoid and its cross entropy."""
    x, t = number(0.7, "x"), 0.3
    u = gg.sigmoid(x)
    z = -t * gg.log(u) - (1 - t) * gg.log(1 - u)
    return backward(z, u=u, z=z)


def two_variables():
    """G2: (x, y) → u → z, the square of a sum."""
    x, y = number(1.5, "x"), number(-0.25, "y")
    u = x + y
    z = u**2
    return backward(z, u=u, z=z)


def two_routes():
    """G3: x → (u, v) → z: x is used twice, and the contributions add up."""
    x = number(0.7, "x")
    u, v = 1 + gg.exp(x), 1 + gg.exp(-x)
    z = u**2 * v + gg.sin(v)
    return backward(z, u=u, v=v, z=z)


def four_routes():
    """G4: (x, y) → (u, v) → z, softmax and cross entropy of two numbers."""
    x, y, s, t = number(0.4, "x"), number(-0.9, "y"), 0.25, 0.75
    total = gg.exp(x) + gg.exp(y)
    u, v = gg.exp(x) / total, gg.exp(y) / total
    z = -s * gg.log(u) - t * gg.log(v)
    return backward(z, u=u, v=v, z=z)


def squared_difference(differentiate=True):
    """G5, forward only; G6 and G7, with derivatives: z = (ax − y)²."""
    a, x, y = number(2.0, "a"), number(3.0, "x"), number(1.0, "y")
    s = a * x
    t = s - y
    z = t**2
    return backward(z, s=s, t=t, z=z) if differentiate else (z, {"s": s, "t": t, "z": z})


def sigmoid_cross_entropy(differentiate=True):
    """G8, forward only; G9: h = −y log ŷ − (1 − y) log(1 − ŷ), with ŷ = 1/(1 + s) and s = e⁻ˣ."""
    x, y = number(0.5, "x"), number(0.8, "y")
    s = gg.exp(-x)
    predicted = 1 / (1 + s)
    z1 = y * gg.log(predicted)
    z2 = (1 - y) * gg.log(1 - predicted)
    h = -z1 - z2
    names = {"s": s, "ŷ": predicted, "z1": z1, "z2": z2, "h": h}
    return backward(h, **names) if differentiate else (h, names)


def matrix_product():
    """G10: X, W → Y → E, half the squared error."""
    X, W = array([[2, -1, 1]], "X"), array([[2, 0], [1, 1], [0, 4]], "W")
    t = array([1, 2], "t", requires_grad=False)
    Y = X @ W
    E = ((Y - t) ** 2).sum() / 2
    return backward(E, X=X, W=W, t=t, Y=Y, E=E)


def small_matrix_product():
    """G10 with 2×2 matrices, whose derivative the note writes out: E is the sum of C times Y."""
    X, W = array([[1, 2], [3, 4]], "X"), array([[5, 6], [7, 8]], "W")
    C = array([[1, -2], [0.5, 3]], "C", requires_grad=False)
    Y = X @ W
    E = (C * Y).sum()
    return backward(E, X=X, W=W, C=C, Y=Y, E=E)


def bias():
    """G10 with a bias instead of the product: b is used in every row."""
    X, b = array([[1, 3], [2, -1], [0, 1]], "X"), array([2, 1], "b")
    C = array([[1, 0], [0, -1], [1, 1]], "C", requires_grad=False)
    Y = X + b
    E = (C * Y).sum()
    return backward(E, X=X, b=b, C=C, Y=Y, E=E)


def softmax_with_loss():
    """G11, composed: X → softmax → Y → cross entropy → E."""
    X, T = array([[3, 3]], "X"), array([[1, 0]], "T", requires_grad=False)
    Y = F.softmax(X, 1)
    E = -(T * Y.log()).sum()
    return backward(E, X=X, T=T, Y=Y, E=E)


def softmax_with_loss_as_one():
    """G11, as one operation."""
    X, t = array([[3, 3]], "X"), gg.tensor([0], name="t")
    E = F.cross_entropy(X, t)
    return backward(E, X=X, t=t, E=E)


def two_layers(differentiate=True):
    """G12, forward only; G13: X → A1 → X1 → Ŷ → E."""
    X, W1, b1 = array([[1, 2], [3, -1]], "X"), array([[1, -1], [2, 0.5]], "W1"), array([0, 1], "b1")
    W2, b2 = array([[0.5], [-1]], "W2"), array([0.1], "b2")
    Y = array([[1], [2]], "Y", requires_grad=False)
    A1 = X @ W1 + b1
    X1 = A1.relu()
    predicted = X1 @ W2 + b2
    E = ((predicted - Y) ** 2).sum() / (2 * len(X))
    names = {"X": X, "W1": W1, "b1": b1, "A1": A1, "X1": X1, "W2": W2, "b2": b2, "Ŷ": predicted, "Y": Y, "E": E}
    return backward(E, **names) if differentiate else (E, names)


def product_and_loss():
    """G14: matrix product and softmax with its loss together."""
    X, W = array([[2, -1, 1]], "X"), array([[2, 0], [1, 1], [0, 4]], "W")
    t = gg.tensor([0], name="t")
    Y = X @ W
    E = F.cross_entropy(Y, t)
    return backward(E, X=X, W=W, t=t, Y=Y, E=E)


def affine_layers():
    """G15: affine, ReLU, ..., affine, softmax with its loss."""
    net = nn.models.MultiLayerNet([784, 50, 50, 10])
    return F.cross_entropy(net(gg.zeros(1, 784)), gg.tensor([0])), {"net": net}


def convolution_layers():
    """G15: convolution, ReLU, pooling, then affine layers."""
    net = nn.models.SimpleConvNet()
    return net(gg.zeros(1, 1, 28, 28)), {"net": net}  # parameters are known as such while their network lives


def lenet():
    """G16: LeNet for an image of 32 × 32."""
    net = nn.models.LeNet5()
    return net(gg.zeros(1, 1, 32, 32)), {"net": net}  # parameters are known as such while their network lives


def alexnet():
    """G16: AlexNet for an image of 227 × 227."""
    net = nn.models.AlexNet().eval()
    return net(gg.zeros(1, 3, 227, 227)), {"net": net}  # parameters are known as such while their network lives


def batch_normalization():
    """G17: the steps of batch normalisation, for the derivative (1, 0, −1) of what comes after it."""
    X, gamma, beta = array([[1], [2], [4]], "X"), array([2], "γ"), array([1], "β")
    mean = X.mean(0)
    centred = X - mean
    square = centred**2
    variance = square.mean(0)
    deviation = (variance + 1e-8).sqrt()
    inverse = 1 / deviation
    normalised = centred * inverse
    scaled = gamma * normalised
    Y = scaled + beta
    dY = array([[1], [0], [-1]], "dY", requires_grad=False)
    E = (Y * dY).sum()
    return backward(E, **{"X": X, "γ": gamma, "β": beta, "dY": dY, "μ": mean, "X−μ": centred, "(X−μ)²": square,
                          "σ²": variance, "√(σ²+ε)": deviation, "1/√(σ²+ε)": inverse, "X̂": normalised, "γX̂": scaled,
                          "Y": Y, "E": E})  # fmt: skip


MASKS = [  # G18: networks of 5, 5 and 3 units; 0 is a dropped unit
    [[1, 0, 1, 1, 0], [0, 1, 1, 0, 1], [1, 1, 1]],
    [[1, 1, 0, 1, 0], [1, 0, 1, 0, 1], [1, 1, 1]],
    [[0, 1, 1, 0, 1], [1, 1, 0, 1, 0], [1, 1, 1]],
]

GRAPHS = {
    "g01": one_route, "g02": two_variables, "g03": two_routes, "g04": four_routes,
    "g05": lambda: squared_difference(differentiate=False), "g07": squared_difference,
    "g08": lambda: sigmoid_cross_entropy(differentiate=False), "g09": sigmoid_cross_entropy,
    "g10": matrix_product, "g10-2x2": small_matrix_product, "g10-bias": bias,
    "g11": softmax_with_loss, "g11-fused": softmax_with_loss_as_one,
    "g12": lambda: two_layers(differentiate=False), "g13": two_layers, "g14": product_and_loss,
    "g15-affine": affine_layers, "g15-convolution": convolution_layers, "g16-lenet": lenet, "g16-alexnet": alexnet,
    "g17": batch_normalization,
}  # fmt: skip


def main():
    """Draw every graph, and compare the derivatives that the notes write out."""
    experiment = Experiment(__doc__, data=(), seeds=1)
    drawn = {}
    for name, compute in experiment.progress(GRAPHS.items()):
        output, names = compute()
        picture = drawn[name] = viz.graph(output, names=names)
        operations = experiment.report(f"{name}, operations", picture.full.meta["operations"], 0)
        path = experiment.out / f"{experiment.name}-{name}.png"
        try:
            picture.save(path)
        except viz.RenderError as error:
            print(f"{path.name}, {operations:.0f} operations, is not drawn: {error}")

    def gradient(graph, value):
        return np.array(drawn[graph].full.node(value).grad.sample)

    for value in "axy":
        experiment.report(f"g07, dz/d{value}", gradient("g07", value)[0], 0)
    full = drawn["g04"].full
    x, y, u, v = (full.node(name).value.value for name in "xyuv")
    step = 1e-6
    measured = ((np.exp(x) / (np.exp(x) + np.exp(y + step))) - u) / step
    experiment.verdict(
        "∂u/∂y of softmax is e^(x+y)/(e^x + e^y)², without a minus sign", "001 L298",
        bool(abs(measured - u * v) < 1e-4),
        f"measured {measured:.4f}, the formula gives {u * v:.4f}, with the sign {-u * v:.4f}",
    )  # fmt: skip
    W, C = np.array([[5.0, 6.0], [7.0, 8.0]]), np.array([[1.0, -2.0], [0.5, 3.0]])
    found = gradient("g10-2x2", "X").reshape(2, 2)
    experiment.verdict(
        "the 2×2 matrix of ∂E/∂X with w01 and w10 as written out", "001 L438", bool(np.allclose(found, C @ W)),
        f"∂E/∂x00 is {found[0, 0]:g}, as written {(C @ W)[0, 0]:g}; ∂E/∂Y·Wᵀ {(C @ W.T)[0, 0]:g}",
    )  # fmt: skip
    full = drawn["g09"].full
    x, y, predicted = (full.node(name).value.value for name in ("x", "y", "ŷ"))
    dx, dy = gradient("g09", "x")[0], gradient("g09", "y")[0]
    experiment.report("g09, dh/dx", dx, 4)
    experiment.report("g09, dh/dy", dy, 4)
    experiment.verdict(
        "∂h/∂x = ŷ − y and ∂h/∂y = −x", "001 L366-375", bool(np.allclose([dx, dy], [predicted - y, -x], rtol=1e-12)),
        f"{dx:.6f} and {predicted - y:.6f}; {dy:.6f} and {-x:.6f}",
    )  # fmt: skip
    experiment.finish(
        viz.plots.units(MASKS, test=True, keep=0.6, layers=["input", "hidden", "output"], title="Dropout: three masks, "
                        "and the network that is tested")
    )  # fmt: skip


if __name__ == "__main__":
    main()
