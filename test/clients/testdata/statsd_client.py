"""Sends with python3-statsd: over UDP, one packet each and in a pipeline, and over TCP."""
import sys
import statsd

udp, tcp = ((host, int(port)) for host, port in (a.rsplit(":", 1) for a in sys.argv[1:3]))

c = statsd.StatsClient(*udp, prefix="py")
for i in range(100):
    c.incr("hits")
    c.timing("took", i)
c.decr("hits", 10)
c.gauge("level", 7)
c.gauge("level", 3, delta=True)
c.gauge("level", -2, delta=True)
c.set("users", "a")
c.set("users", "b")
c.set("users", "a")
with c.pipeline() as p:
    p.incr("piped", 3)
    p.timing("took", 1000)
with c.timer("timed"):
    pass

c = statsd.TCPStatsClient(*tcp, prefix="pytcp")
for i in range(100):
    c.incr("hits")
with c.pipeline() as p:
    p.incr("hits", 5)
    p.gauge("level", 4)
c.close()
