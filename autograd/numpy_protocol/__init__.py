"""What NumPy's own functions do with tensors: they run as ours, with gradients; without a graph, as NumPy's; or refuse.

>>> import numpy as np, glassgrad as gg
>>> x = gg.tensor([1.0, 2.0], requires_grad=True)
>>> np.sum(np.square(x))
tensor(5., grad_fn=<sum>)
>>> np.histogram(gg.tensor([1.0, 2.0, 2.0]), 2)[0]
array([1, 2])
"""
