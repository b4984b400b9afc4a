"""A decoder's step for one token as a program of plain loops, compiled for this processor and this model. No torch."""
