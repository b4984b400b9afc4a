"""What lies on disk: places, projects, texts, token shards, runs and their checkpoints. Neither Qt nor torch."""
