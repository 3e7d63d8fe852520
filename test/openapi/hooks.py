"""A stream is judged by its first line."""

import json

import schemathesis


@schemathesis.deserializer("application/x-ndjson")
def first_line(_context, response):
    line, _, _rest = response.content.partition(b"\n")
    return json.loads(line)
