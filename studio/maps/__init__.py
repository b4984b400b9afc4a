"""Pictures of many numbers at once: heat maps, mosaics, scatters and their colours."""
