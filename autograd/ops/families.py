"""The one list of families of operations, in the order in which the reference shows them.

A public operation of a family, one in its ``__all__``, is found from here: as ``gg.name``, in ``docs/operators.md``,
and as a method of tensors if its first argument is one (see ``operators.py``). A new file here takes one line below.

Star imports, because type checkers and editors can follow them. They stand here and not in ``__init__``, where the
function ``einsum`` would hide the file ``einsum``.
"""

from .arithmetic import *
from .elementwise import *
from .exponential import *
from .log_sum_exp import *
from .trigonometric import *
from .rounding import *
from .comparison import *
from .bitwise import *
from .erf import *
from .special import *
from .activation import *
from .piecewise import *
from .reduction import *
from .vector_norms import *
from .statistics import *
from .quantiles import *
from .scan import *
from .integration import *
from .sorting import *
from .choosing import *
from .shaping import *
from .joining import *
from .arranging import *
from .stacking import *
from .padding import *
from .indexing import *
from .selection import *
from .scattering import *
from .slice_scattering import *
from .in_place import *
from .creation import *
from .random import *
from .matmul import *
from .products import *
from .chains import *
from .einsum import *
from .diagonals import *
from .norms import *
from .solving import *
from .factorization import *
from .spectral import *
from .pseudoinverse import *
from .matrix_functions import *
from .distance import *
from .windows import *
from .convolution import *
from .convolution_transposed import *
from .unfolding import *
from .pooling import *
from .pooling_average import *
from .pooling_adaptive import *
from .pooling_indices import *
from .unpooling import *
from .blending import *
from .resampling import *
from .sampling import *
from .normalization import *
from .embedding import *
from .loss import *
