"""What NumPy's own functions do with tensors."""
