"""Parts of the Tokenizer page: trying, training, merges step by step, comparing, special tokens."""
