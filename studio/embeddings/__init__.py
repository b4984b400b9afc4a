"""What the Embeddings page is made of: vectors as maps, places, and ways through the training."""
