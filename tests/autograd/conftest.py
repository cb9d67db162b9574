"""What the tests of the engine share: no test inherits another's mode or default dtype."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.core.mode import Mode, set_mode


@pytest.fixture(autouse=True)
def _fresh_state():
    """Start every test with recording on and float32 as default, even after one that failed halfway."""
    set_mode(Mode())
    gg.set_default_dtype(np.float32)
    yield
    set_mode(Mode())
    gg.set_default_dtype(np.float32)
