"""What a primitive, a node and a mode are: plain data, and the words for it."""
