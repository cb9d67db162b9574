"""PyTorch on the other side of DLPack."""

import numpy as np
import pytest
import torch

import glassgrad as gg

pytestmark = pytest.mark.oracle


def test_from_pytorch():
    theirs = torch.arange(6.0).reshape(2, 3)
    for source in (theirs, theirs.T, theirs[:, ::2], theirs[1]):
        np.testing.assert_array_equal(gg.from_dlpack(source).numpy(), source.numpy())
    shared = gg.from_dlpack(theirs, copy=False)
    theirs[0, 0] = 9
    assert shared[0, 0].item() == 9


def test_to_pytorch():
    x = gg.tensor([[1.0, 2.0], [3.0, 4.0]])
    theirs = torch.from_dlpack(x)
    assert theirs.tolist() == x.tolist() and theirs.data_ptr() == x.numpy().ctypes.data
    assert torch.from_dlpack(x.T).tolist() == x.T.tolist()
    assert torch.from_dlpack(gg.tensor([1, 2])).dtype == torch.int64


def test_both_refuse_what_requires_grad():
    with pytest.raises(BufferError, match="requires grad"):
        torch.from_dlpack(gg.ones(2, requires_grad=True))
    with pytest.raises(BufferError, match="from_dlpack: Tensor does not give its memory away"):
        gg.from_dlpack(torch.ones(2, requires_grad=True))


def test_dtypes_that_numpy_does_not_know():
    with pytest.raises(TypeError, match="bfloat16"):
        gg.from_dlpack(torch.ones(2, dtype=torch.bfloat16))
    with pytest.raises(TypeError, match="complex"):
        gg.from_dlpack(torch.ones(2, dtype=torch.complex64))
