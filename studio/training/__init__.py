"""What the Pretrain and Runs pages are made of."""
