"""Connects with heartbeats and exits with 0 if the peer answers them: zmq_heartbeat.py PUB|SUB ENDPOINT."""
import sys

import zmq
from zmq.utils.monitor import recv_monitor_message

socket = zmq.Context().socket(getattr(zmq, sys.argv[1]))
socket.set(zmq.HEARTBEAT_IVL, 20)
socket.set(zmq.HEARTBEAT_TIMEOUT, 300)
socket.set(zmq.LINGER, 0)
monitor = socket.get_monitor_socket()
socket.connect(sys.argv[2])
connected = False
while monitor.poll(2000):
    event = recv_monitor_message(monitor)["event"]
    connected = connected or event == zmq.EVENT_HANDSHAKE_SUCCEEDED
    if event == zmq.EVENT_DISCONNECTED:
        sys.exit("disconnected")
if not connected:
    sys.exit("never connected")
