"""The views of the Attention page and what they are made of."""
