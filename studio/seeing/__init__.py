"""What the pages about the inside share: the frame of a view, the bars around it, what it says of itself."""
