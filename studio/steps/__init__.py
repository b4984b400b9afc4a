"""What the Attention page takes apart: the way of one head, query against key, and what flows through all layers."""
