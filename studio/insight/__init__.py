"""Looking into a model: pure functions from a network and tokens to arrays. Nothing stays behind in the network."""
