"""Records as JSON, one in each line: .jsonl and .ndjson."""

from studio.formats.json_records import json_format

FORMAT = json_format("json_lines", "JSON lines (.jsonl, .ndjson)", (".jsonl", ".ndjson"), lines=True)
