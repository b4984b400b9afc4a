"""PARTS of the Chat page: conversations, their safe drawing, columns of answers, and what controls them."""
