"""Runs sequences of operations with Debian's python3-whisper, one file per line of stdin.

A line is JSON: a file to create, batches of points to update it with, and windows
to fetch. The answer is one line with the fetched values. Values are the bits of
float64 as integers, so that JSON preserves all of them."""

import functools
import json
import operator
import struct
import sys

import whisper

if sys.version_info >= (3, 12):  # since 3.12 sum compensates for rounding
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
    """Replaces the time module in whisper."""

    time = None


whisper.time = Clock
for line in sys.stdin:
    json.dump(run(json.loads(line)), sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
    sys.stdout.flush()
