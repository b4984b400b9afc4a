"""PARTS: what pages are made of; none of it knows a language model."""
