"""``Ensemble``: several networks that answer together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..autograd.ops.activation import sigmoid, softmax
from ..nn import Module, ModuleList

__all__ = ["Ensemble"]

_OUTPUTS: dict[str, Callable[[Any], Any]] = {
    "logits": lambda x: softmax(x, 1),
    "binary logits": sigmoid,
    "values": lambda x: x,
}


class Ensemble(Module):
    """The mean of the answers of several models: of probabilities for classes, of values for regression.

    Models that were trained independently, with other initial values or another structure, make different mistakes,
    which the mean evens out. It is a module like others: ``evaluate`` measures it.

    Args:
        models: the networks.
        outputs: what they compute: ``"logits"`` of classes, shape (N, C), whose softmax is averaged; ``"binary
            logits"``, whose sigmoid is averaged; or ``"values"``, averaged as they are.
        transforms: changes of the inputs, one for each model, such as several crops; the same model may come several
            times.

    Raises:
        TypeError: something given is not a module.
        ValueError: there are no models, the number of transforms is another, or ``outputs`` is another word.

    Source: T. Dietterich (2000), *Ensemble Methods in Machine Learning*.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> Ensemble([nn.Identity(), nn.Identity()])(gg.zeros(1, 2))
    tensor([[0.5, 0.5]])
    """

    def __init__(
        self,
        models: Iterable[Module],
        outputs: str = "logits",
        transforms: Sequence[Callable[[Any], Any]] | None = None,
    ) -> None:
        super().__init__()
        if isinstance(models, Module) and not isinstance(models, ModuleList):
            raise TypeError(f"Ensemble: expected a list of models, not one {type(models).__name__}; put it in brackets")
        members = list(models)
        if not members:
            raise ValueError("Ensemble: there are no models; a generator can be used only once")
        for i, model in enumerate(members):
            if not isinstance(model, Module):
                raise TypeError(f"Ensemble: model {i} must be an nn.Module, not {type(model).__name__}")
        if outputs not in _OUTPUTS:
            raise ValueError(f"Ensemble: outputs must be one of {', '.join(map(repr, _OUTPUTS))}, not {outputs!r}")
        if transforms is not None and len(transforms) != len(members):
            raise ValueError(f"Ensemble: there are {len(members)} models, but {len(transforms)} transforms")
        self.models = ModuleList(members)
        self.outputs = outputs
        self.transforms = None if transforms is None else list(transforms)

    def forward(self, *inputs: Any) -> Any:
        """The mean over the models, shape as of one of them."""
        answer = _OUTPUTS[self.outputs]
        total: Any = None
        for i, model in enumerate(self.models):
            changed = inputs if self.transforms is None else tuple(self.transforms[i](x) for x in inputs)
            part = answer(model(*changed))
            total = part if total is None else total + part
        return total / len(self.models)
