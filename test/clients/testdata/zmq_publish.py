"""Publishes each line of its input as a message: zmq_publish.py connect|bind ENDPOINT zlib|text."""
import sys
import zlib

import zmq

how, endpoint, form = sys.argv[1:]
socket = zmq.Context().socket(zmq.PUB)
socket.set(zmq.SNDHWM, 1 if form == "zlib" else 1000)  # as metrics_talk's publisher
socket.set(zmq.LINGER, 1000)
getattr(socket, how)(endpoint)
print("ready", flush=True)
for line in sys.stdin:
    message = line.rstrip("\n").encode()
    socket.send(zlib.compress(message) if form == "zlib" else message)
