"""Small computations of the course, done when they are looked at: numbers come in, arrays and plain numbers go out."""
