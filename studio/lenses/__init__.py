"""What the Lenses page is made of: one file for each view, and the pictures that only it has."""
