"""Parts of the Instruct page: rows painted as they will be learned, the run, answers judged, prompts built of rows."""
