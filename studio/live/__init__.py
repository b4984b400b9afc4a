"""State that windows watch, and the only threads: runs, jobs, session, notices (QtCore only)."""
