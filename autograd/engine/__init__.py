"""How an operation runs, forwards and backwards, and how one is declared."""
