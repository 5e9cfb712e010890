"""Pushes N metrics as metrics_talk does, each once: redis_push.py PORT FIRST N TIME.

Every third goes to the list outgoing, as a line; the others to incoming, as
compressed JSON.
"""
import json
import sys
import time
import zlib

import redis

port, first, n, at = map(int, sys.argv[1:])
connection = redis.Redis(port=port)
for i in range(first, first + n):
    if i % 3 == 0:
        key, element = "outgoing", "demo.m%d %s %s" % (i, i, at + 0.93)
    else:
        key, element = "incoming", zlib.compress(json.dumps([{"name": "m%d" % i, "value": i, "time": at + 0.93}]).encode())
    while True:  # until Redis has it
        try:
            connection.lpush(key, element)
            break
        except redis.exceptions.ConnectionError:
            time.sleep(0.02)
