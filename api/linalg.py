"""Linear algebra under the names of ``torch.linalg``: products, inverses, factorisations and norms of real matrices.

>>> import glassgrad as gg
>>> x = gg.tensor([[4.0, 2.0], [2.0, 5.0]], requires_grad=True)
>>> gg.linalg.det(x).backward()
>>> x.grad
tensor([[ 5., -2.],
        [-2.,  4.]])
"""

from numpy.linalg import LinAlgError

from .autograd.ops.chains import matrix_power, multi_dot
from .autograd.ops.diagonals import matrix_diagonal as diagonal
from .autograd.ops.factorization import cholesky, qr
from .autograd.ops.matmul import matmul
from .autograd.ops.matrix_functions import matrix_exp, tensorinv, tensorsolve
from .autograd.ops.matrix_functions import power_columns as vander
from .autograd.ops.norms import matrix_norm
from .autograd.ops.norms import vector_or_matrix_norm as norm
from .autograd.ops.products import vecdot
from .autograd.ops.products import vector_cross as cross
from .autograd.ops.pseudoinverse import cond, lstsq, matrix_rank, pinv
from .autograd.ops.solving import det, inv, slogdet, solve, solve_triangular
from .autograd.ops.spectral import eigh, eigvalsh, svd, svdvals
from .autograd.ops.vector_norms import vector_norm

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "lstsq", "matmul",
    "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip
