"""Runs a list of jobs from stdin with Debian's python3-whisper.

Prints the list of their results."""

import json
import sys

import whisper


def create(job):
    archives = [(a["Step"], a["Points"]) for a in job["archives"]]
    whisper.create(job["path"], archives, job["xff"], job["method"], sparse=True)


def update(job):
    whisper.update_many(job["path"], [(p["Time"], p["Value"]) for p in job["points"]], now=job["now"])


def fetch(job):
    found = whisper.fetch(job["path"], job["from"], job["until"], now=job["now"], archiveToSelect=job.get("archive"))
    if found is None:
        return None
    (start, _, step), values = found
    return {"start": start, "step": step, "values": values}


def info(job):
    return whisper.info(job["path"])


jobs = {"create": create, "update": update, "fetch": fetch, "info": info}
json.dump([jobs[job["op"]](job) for job in json.load(sys.stdin)], sys.stdout)
