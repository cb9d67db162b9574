"""Einstein's summation: products of tensors written with an index for each axis.

What is written is brought into one form, in which every axis has a letter and no tensor repeats one. In this form the
derivative is the same operation again: that of ``ij,jk->ik`` by its first tensor is ``ik,jk->ij``.
"""

from __future__ import annotations

import functools
import math
import string
from typing import Any

import numpy as np

from ..core.cost import Cost, first
from ..core.dtypes import as_array
from ..core.sums import SINGLE, matrix_product, total, total_of_products
from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import axes_of
from .diagonals import diagonal
from .matmul import matmul
from .reduction import sum
from .shaping import broadcast_to, permute, reshape, transpose

__all__ = ["einsum", "tensordot"]

_SHORT = 256  # so many products may be added one by one


def operand(x: Any) -> Any:
    """Return ``x`` as a tensor or an array, whatever it was given as."""
    return x if hasattr(x, "shape") else as_array(x)


# -- the primitive: every axis has its letter, none twice within one tensor -----------------------------------


def _split(equation: Any) -> Any:
    before, _, after = equation.partition("->")
    return before.split(","), after


def _sizes(terms: Any, shapes: Any) -> Any:
    """Return the size of every index; where one tensor has 1 and another more, the 1 is repeated."""
    sizes: dict[Any, Any] = {}
    found: dict[Any, Any] = {}
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        for label, n in zip(term, shape, strict=True):
            known = sizes.get(label, 1)
            if known == 1:
                sizes[label], found[label] = n, i
            elif n not in (1, known):
                raise ValueError(
                    f"einsum: index {label!r} has size {known} in operand {found[label]} of shape "
                    f"{shapes[found[label]]}, but size {n} in operand {i} of shape {shape}"
                )
    return sizes


def _rule(g: Any, need: Any, operands: Any, operands_shape: Any, equation: Any) -> Any:
    """Return the gradient of each operand: the summation of g with all the others."""
    terms, out = _split(equation)
    sizes = _sizes(terms, operands_shape)
    gradients: list[Any] = []
    for i, (term, shape) in enumerate(zip(terms, operands_shape, strict=True)):
        if not need[i]:
            gradients.append(None)
            continue
        others = [o for j, o in enumerate(operands) if j != i]
        their = [t for j, t in enumerate(terms) if j != i]
        shapes = [s for j, s in enumerate(operands_shape) if j != i]
        known = {a for t, s in zip(their, shapes, strict=True) for a, n in zip(t, s, strict=True) if n == sizes[a]}
        known.update(out)
        # An axis of size 1 that was repeated is summed; one that nothing else has was summed, so g is repeated.
        kept = "".join(a for a, n in zip(term, shape, strict=True) if a in known and n == sizes[a])
        part = einsum_of([g, *others], f"{','.join([out, *their])}->{kept}")
        if kept != term:
            part = reshape(part, tuple(n if a in kept else 1 for a, n in zip(term, shape, strict=True)))
            part = broadcast_to(part, shape)
        gradients.append(part)
    return gradients


def _cost(shapes: dict[str, Any], out: Any, static: dict[str, Any]) -> float:
    operands = first(shapes)
    labels: dict[str, int] = {}
    for shape, names in zip(operands, static["equation"].split("->")[0].split(","), strict=True):
        labels.update(zip(names, shape, strict=True))
    return len(operands) * math.prod(labels.values())


@primitive(
    kind="multilinear", widens=True, cost=Cost("(number of operands)·(product of all sizes)", _cost), list_input=True,
    symbol="einsum", operands=_rule,
)  # fmt: skip
def einsum_of(operands: Any, equation: Any) -> Any:
    """Return the summation ``equation``, in which every axis has a letter, none twice within one tensor."""
    arrays = [np.asarray(a) for a in operands]
    return _run(_plan(equation, tuple(a.shape for a in arrays)), arrays)


def _run(plan: Any, arrays: Any) -> Any:
    prepared, steps = plan
    for i, shape, axes, equation in prepared:
        if shape is not None:
            arrays[i] = arrays[i].reshape(shape)
        if axes:
            # NumPy's einsum is quicker, but adds one after the other, which costs digits of single precision.
            exact = arrays[i].dtype.kind == "f" and arrays[i].itemsize < 8
            arrays[i] = np.asarray(total(arrays[i], axes)) if exact else np.einsum(equation, arrays[i])
    for i, j, run in steps:
        if j is None:
            return run(arrays[i])
        x, y = arrays[i], arrays[j]
        del arrays[j], arrays[i]
        arrays.append(run(x, y))
    return arrays[0]


@functools.lru_cache(maxsize=1024)
def _plan(equation: Any, shapes: Any) -> Any:
    """Return how to compute a summation of these shapes: what to do to each, then which two to join, and how."""
    terms, out = _split(equation)
    sizes = _sizes(terms, shapes)
    prepared = []
    # Axes of size 1 that are repeated need not be there.
    lean = [
        "".join(a for a, n in zip(term, shape, strict=True) if n == sizes[a])
        for term, shape in zip(terms, shapes, strict=True)
    ]
    terms = []
    for i, term in enumerate(lean):
        elsewhere = set(out).union(*lean[:i], *lean[i + 1 :])
        shape = tuple(sizes[a] for a in term)
        axes = tuple(k for k, a in enumerate(term) if a not in elsewhere)
        rest = "".join(a for a in term if a in elsewhere)
        if len(term) != len(shapes[i]) or axes:
            prepared.append((i, shape if len(term) != len(shapes[i]) else None, axes, f"{term}->{rest}"))
        terms.append(rest)
    steps: list[Any] = []
    if len(terms) == 1:
        order = tuple(terms[0].index(a) for a in out)
        return prepared, [(0, None, lambda x: x.transpose(order))]
    for pair in _order(terms, out, sizes):
        i, j = sorted(pair)
        x, y = terms[i], terms[j]
        del terms[j], terms[i]
        last = not terms
        wanted = set(out).union(*terms)
        target = out if last else _natural(x, y, wanted)
        steps.append((i, j, _pair(x, y, target, sizes)))
        terms.append(target)
    return prepared, steps


def _natural(x: Any, y: Any, wanted: Any) -> Any:
    both = [a for a in x if a in y and a in wanted]
    return "".join([*both, *(a for a in x if a not in y), *(a for a in y if a not in x)])


def _order(terms: Any, out: Any, sizes: Any) -> Any:
    """Return the pairs to join one after the other, the result of each going to the end of the list."""
    if len(terms) == 2:
        return [(0, 1)]
    arrays = [np.broadcast_to(np.empty(()), tuple(sizes[a] for a in t)) for t in terms]
    search = "optimal" if len(terms) <= 5 else "greedy"
    path = np.einsum_path(f"{','.join(terms)}->{out}", *arrays, optimize=(search, 2**62))[0][1:]
    pairs = []
    count = len(terms)
    for group in path:
        positions = sorted(group)
        # A group of more than two is joined from its front: the joined one is always the last of the list.
        while len(positions) > 1:
            i, j = positions[:2]
            pairs.append((i, j))
            count -= 1
            positions = [*(p - 2 for p in positions[2:]), count - 1]
    return pairs


def _pair(x: Any, y: Any, target: Any, sizes: Any) -> Any:
    """Return the function that joins two arrays: a product of elements, of matrices, or NumPy's loop."""
    kept = set(target)
    shared = [a for a in x if a in y]
    batch = [a for a in shared if a in kept]
    summed = [a for a in shared if a not in kept]
    left = [a for a in x if a not in y]
    right = [a for a in y if a not in x]
    if not summed:
        return _elementwise(x, y, target, sizes)
    if not left and not right:
        if not batch:
            order = tuple(y.index(a) for a in x)
            return lambda a, b: np.asarray(matrix_product(a.reshape(-1), b.transpose(order).reshape(-1)))
        return lambda a, b: _dots(a, b, x, y, target, batch, summed)
    if list(target) == batch + right + left and left:
        swapped = _matrices(y, x, target, sizes, batch, summed, right, left)
        return lambda a, b: swapped(b, a)
    return _matrices(x, y, target, sizes, batch, summed, left, right)


def _dots(a: Any, b: Any, x: Any, y: Any, target: Any, batch: Any, summed: Any) -> Any:
    """Return the products of elements, summed over axes that both have; einsum adds them one after the other."""
    if a.dtype != SINGLE or math.prod(a.shape[x.index(c)] for c in summed) <= _SHORT:
        return np.einsum(f"{x},{y}->{target}", a, b)
    a, b = (v.transpose([term.index(c) for c in (*batch, *summed)]) for v, term in ((a, x), (b, y)))
    sums = total_of_products(a, b, tuple(range(len(batch), a.ndim)))
    return sums.transpose([batch.index(c) for c in target])


def _elementwise(x: Any, y: Any, target: Any, sizes: Any) -> Any:
    plans = []
    for term in (x, y):
        order = tuple(term.index(a) for a in target if a in term)
        shape = tuple(sizes[a] if a in term else 1 for a in target)
        plans.append((order, shape))
    (x_order, x_shape), (y_order, y_shape) = plans
    return lambda a, b: np.multiply(a.transpose(x_order).reshape(x_shape), b.transpose(y_order).reshape(y_shape))


def _matrices(
    x: Any, y: Any, target: Any, sizes: Any, batch: Any, summed: Any, left: Any, right: Any
) -> Any:
    stack = tuple(sizes[a] for a in batch)
    m, k, n = (math.prod(sizes[a] for a in group) for group in (left, summed, right))
    x_order = tuple(x.index(a) for a in (*batch, *left, *summed))
    y_order = tuple(y.index(a) for a in (*batch, *summed, *right))
    x_shape, y_shape = (*stack, m, k), (*stack, k, n)
    shape = stack + tuple(sizes[a] for a in (*left, *right))
    made = [*batch, *left, *right]
    order = tuple(made.index(a) for a in target)

    def run(a: Any, b: Any) -> Any:
        left, right = a.transpose(x_order).reshape(x_shape), b.transpose(y_order).reshape(y_shape)
        product = matrix_product(_fit(left), _fit(right))
        return product.reshape(shape).transpose(order)

    return run


def _fit(x: Any) -> Any:
    # BLAS wants one of the two axes without gaps; else NumPy multiplies element by element.
    if x.itemsize in x.strides[-2:] or not x.size:
        return x
    return np.ascontiguousarray(x)


# -- reading what users write ---------------------------------------------------------------------------------


def einsum(equation: Any, *operands: Any) -> Any:
    """Return the sum of products that ``equation`` describes: an index that the output lacks is summed over.

    ``"ij,jk->ik"`` is the product of matrices, ``"ii"`` a trace, ``"bi,bi->b"`` a dot product for every b. Without an
    arrow the output has the indices that occur once, in alphabetical order. ``...`` stands for the axes that are left,
    which broadcast. Operands and lists of whole numbers may be given in turn instead: ``einsum(x, [0, 1], y, [1, 2])``.

    Three and more tensors are joined in the order that needs the fewest multiplications.

    Edges: where one operand has size 1 along an index and another has more, the 1 is repeated, as in PyTorch. Axes of
    ``...`` that the output does not name are summed.

    Raises:
        ValueError: the equation does not fit the operands; the message names the operand and the index.

    >>> import glassgrad as gg
    >>> x, y = gg.tensor([[1.0, 2.0], [3.0, 4.0]]), gg.tensor([1.0, -1.0])
    >>> gg.einsum("ij,j->i", x, y)
    tensor([-1., -1.])
    """
    if isinstance(equation, str):
        if len(operands) == 1 and isinstance(operands[0], list | tuple):
            given = _given(operands[0])
        else:
            given = list(operands)
    else:
        equation, given = _from_lists(equation, operands)
    tensors = [operand(x) for x in given]
    terms, out = _read(equation, tuple(len(x.shape) for x in tensors))
    for i, term in enumerate(terms):
        if len(set(term)) < len(term):
            tensors[i], terms = _without_repeats(tensors[i], i, terms)
    if len(terms) == 1:
        return _of_one(tensors[0], terms[0], out)
    return einsum_of(tensors, f"{','.join(terms)}->{out}")


def _of_one(x: Any, term: Any, out: Any) -> Any:
    summed = tuple(i for i, a in enumerate(term) if a not in out)
    if summed:
        x = sum(x, summed)
        term = "".join(a for a in term if a in out)
    return x if term == out else permute(x, tuple(term.index(a) for a in out))


def _given(only: Any) -> Any:
    # PyTorch also takes all operands in one list; a list of numbers is a single operand.
    return list(only) if any(hasattr(x, "shape") for x in only) else [only]


def _without_repeats(x: Any, i: Any, terms: Any) -> Any:
    """Return the tensor read along the diagonals of its repeated indices, and the terms without the repetition."""
    term = terms[i]
    for label in dict.fromkeys(term):
        while term.count(label) > 1:
            first = term.index(label)
            second = term.index(label, first + 1)
            if x.shape[first] != x.shape[second]:
                raise ValueError(
                    f"einsum: index {label!r} is repeated in operand {i}, but its sizes there are {x.shape[first]} and "
                    f"{x.shape[second]}"
                )
            x = diagonal(x, 0, first, second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + label
    return x, (*terms[:i], term, *terms[i + 1 :])


def _from_lists(first: Any, rest: Any) -> Any:
    """Return the equation and the operands of the form with lists of whole numbers."""
    arguments = [first, *rest]
    operands, lists = arguments[0 : len(arguments) // 2 * 2 : 2], arguments[1::2]
    before = ",".join(_letters(numbers, f"operand {i}") for i, numbers in enumerate(lists))
    if len(arguments) % 2:
        if len(arguments) == 1:
            raise ValueError("einsum: give an equation and operands, or operands each followed by its list of indices")
        return f"{before}->{_letters(arguments[-1], 'the output')}", operands
    return before, operands


def _letters(numbers: Any, what: Any) -> Any:
    written = []
    for number in numbers:
        if number is Ellipsis:
            written.append("...")
            continue
        if not isinstance(number, int | np.integer) or not 0 <= number < 52:
            raise ValueError(f"einsum: an index of {what} must be a whole number from 0 to 51 or ..., not {number!r}")
        written.append((string.ascii_uppercase + string.ascii_lowercase)[number])
    return "".join(written)


@functools.lru_cache(maxsize=1024)
def _read(equation: Any, ndims: Any) -> Any:
    """Return the letters of every operand and of the output, the axes of ``...`` written out."""
    before, arrow, after = "".join(equation.split()).partition("->")
    written = before.split(",")
    if len(written) != len(ndims):
        raise ValueError(f"einsum: {equation!r} names {len(written)} operands, but {len(ndims)} were given")
    wide = 0
    for i, (term, ndim) in enumerate(zip(written, ndims, strict=True)):
        letters = _letters_of(term, equation, f"operand {i}")
        if "..." in term:
            wide = max(wide, ndim - len(letters))
        if len(letters) != ndim and ("..." not in term or len(letters) > ndim):
            raise ValueError(
                f"einsum: operand {i} has {ndim} dimensions, but {term!r} in {equation!r} names {len(letters)}; "
                + ("use ... for axes without a letter" if len(letters) < ndim else "name one index for each axis")
            )
    spare = [a for a in string.ascii_letters if a not in equation]
    if wide > len(spare):
        raise ValueError(f"einsum: {equation!r} needs more than 52 indices")
    rest = "".join(spare[:wide])
    terms = []
    for term, ndim in zip(written, ndims, strict=True):
        count = ndim - len(term.replace("...", ""))
        terms.append(term.replace("...", rest[wide - count :] if count else ""))
    if arrow:
        letters = _letters_of(after, equation, "the output")
        for a in letters:
            if after.count(a) > 1:
                raise ValueError(f"einsum: index {a!r} appears twice in the output of {equation!r}")
            if a not in before:
                raise ValueError(f"einsum: index {a!r} of the output of {equation!r} is in no operand")
        out = after.replace("...", rest)
    else:
        once = [a for a in sorted(set(before) - set(",.")) if before.count(a) == 1]
        out = rest + "".join(once)
    return tuple(terms), out


def _letters_of(term: Any, equation: Any, what: Any) -> Any:
    """Return the letters of one term without its ``...``."""
    letters = term.replace("...", "", 1)
    for a in letters:
        if a not in string.ascii_letters:
            hint = "; ... may stand once" if a == "." else ""
            raise ValueError(f"einsum: {a!r} in {what} of {equation!r} is not a letter{hint}")
    return letters


@composed
def tensordot(x: Any, y: Any, dims: Any = 2) -> Any:
    """Return the product summed over ``dims``: the last axes of ``x`` with the first of ``y``, or two lists of axes.

    Raises:
        ValueError: the axes do not correspond.

    >>> import glassgrad as gg
    >>> gg.tensordot(gg.ones(2, 3, 4), gg.ones(3, 4, 5), 2).shape
    (2, 5)
    """
    y = operand(y)
    one, other = _dims(dims, x.ndim, y.ndim)
    if any(x.shape[i] != y.shape[j] for i, j in zip(one, other, strict=True)):
        return _with_ones(x, y, one, other)
    left = [i for i in range(x.ndim) if i not in one]
    right = [j for j in range(y.ndim) if j not in other]
    rows, columns = tuple(x.shape[i] for i in left), tuple(y.shape[j] for j in right)
    inner = math.prod(x.shape[i] for i in one)
    first = _matrix(x, (*left, *one), (math.prod(rows), inner))
    second = _matrix(y, (*other, *right), (inner, math.prod(columns)))
    product = matmul(first, second)
    return product if product.shape == rows + columns else reshape(product, rows + columns)


def _matrix(x: Any, order: Any, shape: Any) -> Any:
    if order == (1, 0):
        x = transpose(x)
    elif order != tuple(range(len(order))):
        x = permute(x, order)
    return x if x.shape == shape else reshape(x, shape)


def _with_ones(x: Any, y: Any, one: Any, other: Any) -> Any:
    """Return the product where a size is 1 on one side of a sum and more on the other, and so is repeated."""
    first, second = list(string.ascii_letters[: x.ndim]), list(string.ascii_letters[x.ndim : x.ndim + y.ndim])
    for i, j in zip(one, other, strict=True):
        if x.shape[i] != y.shape[j] and 1 not in (x.shape[i], y.shape[j]):
            raise ValueError(
                f"tensordot: dim {i} of shape {x.shape} and dim {j} of shape {y.shape} are to be summed together, but "
                f"have sizes {x.shape[i]} and {y.shape[j]}"
            )
        second[j] = first[i]
    summed = {first[i] for i in one}
    out = [a for a in (*first, *second) if a not in summed]
    return einsum_of([x, y], f"{''.join(first)},{''.join(second)}->{''.join(out)}")


def _dims(dims: Any, x_ndim: Any, y_ndim: Any) -> Any:
    if hasattr(dims, "tolist"):
        dims = dims.tolist()
    if isinstance(dims, int | np.integer):
        if not 0 <= dims <= min(x_ndim, y_ndim):
            raise ValueError(f"tensordot: cannot sum over {dims} axes of tensors of {x_ndim} and {y_ndim} dimensions")
        return tuple(range(x_ndim - dims, x_ndim)), tuple(range(dims))
    one, other = (list(d) if isinstance(d, list | tuple) else [d] for d in dims)
    one, other = axes_of(one, x_ndim, "tensordot"), axes_of(other, y_ndim, "tensordot")
    if len(one) != len(other):
        raise ValueError(f"tensordot: {len(one)} dims of the first tensor cannot be summed with {len(other)} dims")
    return one, other
