"""The engine: primitives, the graph, backward, and the handles that users hold."""

# The order matters: handles register with the engine before the operations are declared.
from .core.mode import Context, enable_grad, is_grad_enabled, no_grad, scope, set_grad_enabled
from .core.node import Constant, Node
from .core.paths import reachable
from .core.primitive import KINDS, REGISTRY, Primitive
from .core.cost import cost_of, flops
from .core.dtypes import get_default_dtype, is_floating, set_default_dtype, to_dtype
from .core.recording import Event, Recording, detect_anomaly, record
from .engine.gradients import grad
from .handles.tensor import HookHandle, Tensor, from_numpy, tensor
from .handles.scalar import Scalar, node_of
from .handles.local_derivatives import local_derivatives, local_formulas
from .engine.compose import COMPOSED, composed
from .engine.declare import primitive
from .engine.function import Function, FunctionContext
from .engine.effects import UPDATES, Update, update
from . import ops
from . import operators
from .ops.random import get_rng_state, manual_seed, set_rng_state
from .handles.serialization import load, save
from .func.transforms import jvp, primitive_jvp, vjp
from .func.checkpointing import checkpoint

__all__ = [
    "COMPOSED",
    "KINDS",
    "REGISTRY",
    "UPDATES",
    "Constant",
    "Context",
    "Event",
    "Function",
    "FunctionContext",
    "HookHandle",
    "Node",
    "Primitive",
    "Recording",
    "Scalar",
    "Tensor",
    "Update",
    "checkpoint",
    "composed",
    "cost_of",
    "detect_anomaly",
    "enable_grad",
    "flops",
    "from_numpy",
    "get_default_dtype",
    "get_rng_state",
    "grad",
    "is_floating",
    "is_grad_enabled",
    "jvp",
    "load",
    "local_derivatives",
    "local_formulas",
    "manual_seed",
    "no_grad",
    "node_of",
    "operators",
    "ops",
    "primitive",
    "primitive_jvp",
    "reachable",
    "record",
    "save",
    "scope",
    "set_default_dtype",
    "set_grad_enabled",
    "set_rng_state",
    "tensor",
    "to_dtype",
    "update",
    "vjp",
]
