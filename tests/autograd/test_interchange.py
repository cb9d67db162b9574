"""Arrays from and to other libraries through DLPack: what is shared, what is copied, what is refused."""

import numpy as np
import pytest

import glassgrad as gg


class Foreign:
    """An array of another library, of which only DLPack is known."""

    def __init__(self, array, device=(1, 0), old=False):
        self.array, self.device, self.old = array, device, old

    def __dlpack__(self, **arguments):
        if self.old and "max_version" in arguments:
            raise TypeError("an older protocol")
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.device


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int32", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("old", [False, True])
def test_there_and_back(dtype, old):
    array = np.array([[1, 0, 1], [0, 1, 1]]).astype(dtype)
    for source in (array, array.T, array[:, ::2], array[:0]):
        x = gg.from_dlpack(Foreign(source, old=old))
        assert x.dtype == dtype and not x.requires_grad
        np.testing.assert_array_equal(x.numpy(), source)
        np.testing.assert_array_equal(np.from_dlpack(x), source)


def test_what_comes_in_is_copied_unless_told_otherwise():
    array = np.arange(3.0)
    copied, shared = gg.from_dlpack(array), gg.from_dlpack(array, copy=False)
    assert not np.shares_memory(copied.numpy(), array) and np.shares_memory(shared.numpy(), array)
    array[0] = 7
    assert copied.tolist() == [0, 1, 2] and shared.tolist() == [7, 1, 2]
    shared.requires_grad = True
    assert gg.grad((shared * shared).sum(), shared)[0].tolist() == [14, 2, 4]


def test_what_goes_out_is_shared_and_read_only():
    x = gg.tensor([1.0, 2.0])
    array = np.from_dlpack(x)
    assert np.shares_memory(array, x.numpy()) and not array.flags.writeable
    array = np.from_dlpack(x, copy=True)
    array[0] = 5
    assert x.tolist() == [1.0, 2.0]
    assert x.__dlpack_device__() == (1, 0)
    assert gg.from_dlpack(x).tolist() == [1.0, 2.0]


def test_memory_of_broadcasting_goes_out():
    x = gg.broadcast_to(gg.tensor([1.0, 2.0]), (3, 2))
    np.testing.assert_array_equal(np.from_dlpack(x), x.numpy())
    x.__dlpack__()  # an older protocol knows nothing of reading only: it gets a copy
    with pytest.raises(BufferError, match="read-only"):
        x.__dlpack__(copy=False)


def test_gradients_do_not_get_lost():
    x = gg.tensor([1.0], requires_grad=True)
    for y in (x, x * 2):
        with pytest.raises(BufferError, match=r"__dlpack__: this tensor .* requires grad.*detach"):
            np.from_dlpack(y)
    with pytest.raises(BufferError, match="requires grad"):
        gg.from_dlpack(x)
    assert np.from_dlpack((x * 2).detach()).tolist() == [2.0]


def test_refusals():
    with pytest.raises(TypeError, match=r"from_dlpack: a list has no __dlpack__.*gg.tensor"):
        gg.from_dlpack([1.0])
    with pytest.raises(BufferError, match="device of DLPack type 2"):
        gg.from_dlpack(Foreign(np.ones(2), device=(2, 0)))
    with pytest.raises(BufferError, match="device must be None or 'cpu'"):
        gg.from_dlpack(np.ones(2), device="cuda")
    with pytest.raises(TypeError, match="complex"):
        gg.from_dlpack(np.ones(2, complex))
    with pytest.raises(BufferError, match="stream"):
        gg.ones(2).__dlpack__(stream=1)
    with pytest.raises(BufferError, match="__dlpack__"):
        gg.ones(2).__dlpack__(dl_device=(2, 0))
    assert gg.from_dlpack(np.ones(2), device="cpu").tolist() == [1.0, 1.0]
