"""What the formats are made of: encodings, records of lines, of quoted values and of JSON, an index of them."""
