"""Adapters on the screen: what they cost, what they changed, and one training step walked through."""
