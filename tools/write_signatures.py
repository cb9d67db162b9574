"""Write autograd/signatures.pyi: what editors and type checkers see of the methods that operators.py binds.

    python tools/write_signatures.py          write the file
    python tools/write_signatures.py --check  fail if it is not what would be written
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import glassgrad as gg
from glassgrad.autograd.core.primitive import NUMPY_NAMES

TARGET = Path(__file__).resolve().parent.parent / "autograd" / "signatures.pyi"
HEADER = '''"""What type checkers and editors see of the methods that ``operators.py`` binds. Nothing here runs.

Written by tools/write_signatures.py from the operations themselves; a test compares the two.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .handles.tensor import Tensor

__all__ = ["ScalarOperators", "TensorOperators"]

'''
# Methods that give anything other than one tensor.
RETURNS = {
    "__setitem__": "None", "__array_ufunc__": "Any", "__array_function__": "Any", "__dlpack__": "Any",
    "__dlpack_device__": "Any", "allclose": "builtins.bool", "equal": "builtins.bool", "tolist": "Any",
}  # fmt: skip
SEVERAL = (
    "split", "chunk", "unbind", "tensor_split", "hsplit", "vsplit", "dsplit", "nonzero", "max", "min", "aminmax",
    "sort", "topk", "kthvalue", "mode", "median", "nanmedian", "cummax", "cummin", "unique", "unique_consecutive",
    "slogdet", "svd", "qr", "eigh", "var_mean", "std_mean", "histogram", "frexp", "broadcast_tensors", "where",
)  # fmt: skip


def parameters(function: Any) -> Iterator[str]:
    """Yield the parameters after the first, as they are written in a stub."""
    primitive = getattr(function, "primitive", None)
    signature = primitive.signature if primitive is not None else inspect.signature(function)
    found = list(signature.parameters.values())[1:]
    names = [p.name for p in found]
    aliases = [(p, NUMPY_NAMES[p.name]) for p in found if p.name in NUMPY_NAMES and NUMPY_NAMES[p.name] not in names]
    star = after_optional = False
    for p in found:
        if p.kind is p.VAR_POSITIONAL:
            star = True
            yield f"*{p.name}: Any"
            continue
        if p.kind is p.VAR_KEYWORD:
            aliases = []
            yield f"**{p.name}: Any"
            continue
        if p.kind is p.KEYWORD_ONLY and not star:
            star = True
            yield "*"
        # ``dim`` may come as ``axis``; what follows it cannot be required in a signature then.
        optional = p.default is not p.empty or p.name in NUMPY_NAMES or (after_optional and not star)
        after_optional = optional
        yield f"{p.name}: Any" + (" = ..." if optional else "")
    takes_aliases = primitive is not None or function.__name__ in gg.autograd.COMPOSED
    if takes_aliases and aliases:
        if not star:
            yield "*"
        for _, alias in aliases:
            yield f"{alias}: Any = ..."


def stub(cls: type, name: str, member: Any, result: str) -> Iterator[str]:
    """Yield the lines of one method."""
    if isinstance(member, property):
        yield "    @property"
        yield f"    def {name}(self) -> {result}: ..."
        return
    if not callable(member):
        return
    arguments = ", ".join(["self", *parameters(member)])
    returned = RETURNS.get(name, "Any" if name in SEVERAL else result)
    ignore = ""
    if name in ("__eq__", "__ne__"):
        arguments, ignore = "self, other: object", "  # type: ignore[override]" if cls is gg.Tensor else ""
        if cls is not gg.Tensor:
            return
    yield f"    def {name}({arguments}) -> {returned}: ...{ignore}"


def bound(cls: type) -> dict[str, Any]:
    """Return the methods that operators.py gave to a class: those that its own body does not define."""
    own = cls.__module__
    found = {}
    for name, member in vars(cls).items():
        function = member.fget if isinstance(member, property) else member
        module = getattr(function, "__module__", None)
        if callable(function) and not isinstance(member, type) and module is not None and module != own:
            found[name] = member
    return found


def text() -> str:
    """Return the whole file."""
    lines = [HEADER]
    kinds = (
        ("TensorOperators", gg.Tensor, "The operators and methods of ``Tensor``.", "Tensor"),
        ("ScalarOperators", gg.Scalar, "The operators and methods of ``Scalar``.", "Any"),
    )
    for title, cls, doc, result in kinds:
        lines.append(f'class {title}:\n    """{doc}"""\n\n    __slots__ = ()\n')
        for name, member in sorted(bound(cls).items(), key=lambda item: (not item[0].startswith("__"), item[0])):
            if member is None or (name == "__array_ufunc__" and cls is gg.Scalar):
                continue
            comparison = cls is gg.Scalar and name in ("__gt__", "__ge__", "__lt__", "__le__")
            lines.extend(stub(cls, name, member, "builtins.bool" if comparison else result))
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text() == text() else f"{TARGET.name} is out of date; run {sys.argv[0]}")
    TARGET.write_text(text())
