"""What the Lenses page measures of a model: heads over time, neurons, weights, loss by place, and the ground around."""
