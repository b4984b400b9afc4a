"""Everything foreign enters here: names and tensor files are judged before anything else touches them."""
