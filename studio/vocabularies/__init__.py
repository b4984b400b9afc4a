"""Making tokenizers and looking at how they work: training, merges step by step, comparison, files of others."""
