"""Run a whisper tool with its clock at a given time: run.py NOW TOOL ARGS..."""
import runpy
import sys
import time

now = int(sys.argv[1])
time.time = lambda: now
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name='__main__')
