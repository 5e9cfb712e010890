"""Prints the messages of a publisher: zmq_subscribe.py ENDPOINT TOPIC..."""
import sys

import zmq

socket = zmq.Context().socket(zmq.SUB)
socket.connect(sys.argv[1])
for topic in sys.argv[2:]:
    socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
while True:
    print(b"+".join(socket.recv_multipart()).decode(), flush=True)
