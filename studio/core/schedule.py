"""The learning rate as a pure function of the step: nothing to save, drawn before the run starts."""

import math

from studio.core.config import TrainingConfig


def learning_rate(step: int, training: TrainingConfig, total_steps: int) -> float:
    """Rate of the step after `step` finished ones: a linear warm-up that never starts at 0, then half a cosine."""
    if step < training.warmup_steps:
        return training.learning_rate * (step + 1) / training.warmup_steps
    if training.schedule == "constant":
        return training.learning_rate
    lowest = min(training.minimum_learning_rate, training.learning_rate)
    progress = (step - training.warmup_steps) / max(1, total_steps - training.warmup_steps)
    return lowest + (training.learning_rate - lowest) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def total_steps(training: TrainingConfig, windows: int) -> int:
    """Optimizer steps of the whole run over a text of `windows` windows; incomplete batches are left out."""
    if not training.epochs:
        return training.steps
    batches = max(1, windows // training.batch_size)
    return max(1, int(training.epochs * batches) // training.accumulation)


def windows_in(tokens: int, context_length: int, stride: int) -> int:
    """How many windows of `context_length` inputs and their next tokens fit, `stride` apart (0: side by side)."""
    step = stride or context_length
    return max(0, (tokens - context_length - 1) // step + 1) if tokens > context_length else 0
