"""What the Chat page is made of."""
