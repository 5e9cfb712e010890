"""Does with Debian's python3-whisper what the lines on stdin say, a file each.

A line is JSON: a file to create, batches of points to update it with, and windows
to fetch. The answer is a line with what was fetched. Values are the bits of
float64 as integers, so that all of them pass through JSON."""

import functools
import json
import operator
import struct
import sys

import whisper

if sys.version_info >= (3, 12):  # from there on sum compensates for rounding
    whisper.sum = lambda values: functools.reduce(operator.add, values, 0)


def to_float(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def to_bits(value):
    return None if value is None else struct.unpack("<Q", struct.pack("<d", value))[0]


def run(job):
    whisper.create(job["path"], job["archives"], job["xff"], job["method"], sparse=job["sparse"])
    for batch in job["batches"] or []:
        whisper.time.time = lambda: batch["now"]
        points = [(t, to_float(bits)) for t, bits in batch["points"]]
        if batch["single"]:
            whisper.update(job["path"], points[0][1], points[0][0])
        else:
            whisper.update_many(job["path"], points)
    answers = []
    for begin, end, now in job["fetches"] or []:
        whisper.time.time = lambda: now
        found = whisper.fetch(job["path"], begin, end)
        if found is not None:
            (start, until, step), values = found
            found = {"start": start, "until": until, "step": step, "values": [to_bits(v) for v in values]}
        answers.append(found)
    return answers


class Clock:
    """The time module as whisper sees it."""

    time = None


whisper.time = Clock
for line in sys.stdin:
    json.dump(run(json.loads(line)), sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
    sys.stdout.flush()
