"""Transforms of functions: gradients, tangents, Jacobians, ``vmap``, checkpoints."""
