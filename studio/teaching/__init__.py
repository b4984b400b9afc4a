"""What lessons are made of, and the Windows view of the Data page: pictures to change and compute."""
