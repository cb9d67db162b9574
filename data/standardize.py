"""``Standardize``: columns of mean 0 and variance 1, by statistics of the training data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..autograd import Tensor, tensor

__all__ = ["Standardize"]


class Standardize:
    """Shift and scale each feature to mean 0 and variance 1: (x − μ) / σ, with the statistics that ``fit`` has seen.

    Fit it on the training data and apply the same transform to validation, test and new data. σ is the population
    standard deviation (divided by N, not N − 1).

    Args:
        mean: the mean to give each feature instead of 0.
        std: the standard deviation to give each feature instead of 1; x becomes ``std · (x − μ) / σ + mean``.
        dim: the dimensions that statistics run over. By default the first, so that each column of (N, F) has its own;
            ``(0, 2, 3)`` gives one per channel of (N, C, H, W), and ``None`` one for everything.
        keep_dummies: leave columns alone that hold nothing but 0 and 1, such as one-hot dummies.

    A feature of zero variance is shifted, not scaled: all of it becomes ``mean``, and ``inverse`` gives its value back.

    Attributes:
        mean_, std_: μ and σ, float64, after ``fit``; features that are left alone have 0 and 1.

    Raises:
        ValueError: ``std`` is not positive and finite, or ``mean`` is not finite.

    Source: LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, section 4.3.

    >>> train = np.array([[1., 10.], [2., 20.], [3., 60.]])
    >>> scale = Standardize().fit(train)
    >>> scale.transform(train).round(4).tolist()
    [[-1.2247, -0.9258], [0.0, -0.4629], [1.2247, 1.3887]]
    >>> scale.transform(np.array([[2., 30.]])).tolist()
    [[0.0, 0.0]]
    """

    def __init__(
        self, mean: float = 0.0, std: float = 1.0, *, dim: int | tuple[int, ...] | None = 0, keep_dummies: bool = False
    ) -> None:
        for name, value in (("mean", mean), ("std", std)):
            if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
                raise TypeError(f"Standardize: {name} must be a number, not {value!r}")
            if not np.isfinite(value) or (name == "std" and value <= 0):
                raise ValueError(f"Standardize: {name} must be {'positive and ' * (name == 'std')}finite, got {value}")
        if not isinstance(keep_dummies, bool | np.bool_):
            raise TypeError(f"Standardize: keep_dummies must be True or False, not {keep_dummies!r}")
        self.mean, self.std, self.dim, self.keep_dummies = float(mean), float(std), dim, bool(keep_dummies)
        self.mean_: NDArray[np.float64] | None = None
        self.std_: NDArray[np.float64] | None = None

    def fit(self, x: ArrayLike | Tensor) -> Standardize:
        """Take the statistics of ``x``; return this object.

        Raises:
            ValueError: there are no samples, or a value is NaN or infinite.
            TypeError: ``x`` does not hold real numbers.
        """
        array = _numbers(x, "fit").astype(np.float64)
        if self.dim == 0 and array.ndim == 1:
            array = array[:, np.newaxis]
        if not array.size:
            raise ValueError(f"Standardize.fit: there is nothing to take statistics of in shape {array.shape}")
        if not np.isfinite(array).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(f"Standardize.fit: x{list(place)} is {array[place]}; remove or replace such samples first")
        mean = array.mean(axis=self.dim, keepdims=True)
        std = np.sqrt(np.square(array - mean).mean(axis=self.dim, keepdims=True))
        # A constant column may have a tiny deviation from rounding, which must not be scaled up to 1.
        std[std <= 1e-12 * np.abs(mean)] = 0.0
        if self.keep_dummies:
            dummy = np.isin(array, (0.0, 1.0)).all(axis=self.dim, keepdims=True)
            mean[dummy], std[dummy] = 0.0, 1.0
            self._untouched = dummy
        else:
            self._untouched = np.zeros(mean.shape, dtype=bool)
        self._centre, self._scale = mean, np.where(std == 0.0, 1.0, std)
        self._shape = array.shape
        self.mean_, self.std_ = (np.squeeze(v, self._dims(array.ndim)) for v in (mean, std))
        return self

    def transform(self, x: Any) -> Any:
        """Standardise ``x`` with the statistics of ``fit``; a tensor gives a tensor, an array an array, in its dtype.

        Raises:
            RuntimeError: ``fit`` has not been called.
            ValueError: ``x`` has another shape than what was fitted.
        """
        return self._apply(x, "transform", lambda v: (v - self._centre) / self._scale * self.std + self.mean)

    def inverse(self, x: Any) -> Any:
        """Undo ``transform``: predictions of a standardised target in the target's own units.

        Raises:
            RuntimeError, ValueError: as ``transform``.

        >>> prices = np.array([[100.], [300.]])
        >>> scale = Standardize().fit(prices)
        >>> scale.inverse(scale.transform(prices)).tolist()
        [[100.0], [300.0]]
        """
        return self._apply(x, "inverse", lambda v: (v - self.mean) / self.std * self._scale + self._centre)

    def fit_transform(self, x: Any) -> Any:
        """``fit``, then ``transform`` the same data."""
        return self.fit(x).transform(x)

    def state_dict(self) -> dict[str, Any]:
        """What ``fit`` found, for a file that is kept with the model."""
        self._check_fitted("state_dict")
        return {
            "centre": tensor(self._centre), "scale": tensor(self._scale), "untouched": tensor(self._untouched),
            "mean": tensor(self.mean_), "std": tensor(self.std_), "shape": list(self._shape),
        }  # fmt: skip

    def load_state_dict(self, state: Any) -> None:
        """Take over the statistics of another ``Standardize``'s ``state_dict``."""
        centre, scale, untouched, mean, std = (
            state[name].numpy(copy=True) for name in ("centre", "scale", "untouched", "mean", "std")
        )
        self._centre, self._scale, self._untouched, self._shape = centre, scale, untouched, tuple(state["shape"])
        self.mean_, self.std_ = mean, std

    def _apply(self, x: Any, method: str, formula: Any) -> Any:
        self._check_fitted(method)
        array = _numbers(x, method)
        flat = self.dim == 0 and array.ndim == 1
        value = array.astype(np.float64)
        if flat:
            value = value[:, np.newaxis]
        dims = self._dims(len(self._shape))
        if value.ndim != len(self._shape) or any(
            n != fitted for i, (n, fitted) in enumerate(zip(value.shape, self._shape, strict=True)) if i not in dims
        ):
            raise ValueError(f"Standardize.{method}: shape {array.shape} does not fit {self._shape}, which was fitted")
        result = np.where(self._untouched, value, formula(value)).reshape(array.shape)
        result = result.astype(array.dtype if array.dtype.kind == "f" else np.float64)
        return tensor(result) if isinstance(x, Tensor) else result

    def _dims(self, ndim: int) -> tuple[int, ...]:
        dim = range(ndim) if self.dim is None else (self.dim,) if isinstance(self.dim, int) else self.dim
        return tuple(d % ndim for d in dim)

    def _check_fitted(self, method: str) -> None:
        if self.mean_ is None:
            raise RuntimeError(f"Standardize.{method}: call fit with the training data first")

    def __repr__(self) -> str:
        return f"Standardize(mean={self.mean}, std={self.std}, dim={self.dim}, keep_dummies={self.keep_dummies})"


def _numbers(x: Any, method: str) -> NDArray[Any]:
    array = x.detach().numpy() if isinstance(x, Tensor) else np.asarray(x)
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise TypeError(f"Standardize.{method}: expected an array of numbers, got {array.dtype} of shape {array.shape}")
    return array
