"""What the Classify page is made of: setting up, results, trying out, the book's experiments."""
