"""What shows data: tables, tokens, bars, tiles."""
