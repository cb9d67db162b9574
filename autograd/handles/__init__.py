"""What users hold: ``Tensor`` and ``Scalar``, and how they come and go."""
