"""What a person operates: forms made of knobs, numbers, sliders, choices."""
