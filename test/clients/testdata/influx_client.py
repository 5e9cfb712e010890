# Writes points with Debian's python3-influxdb, as its README shows.
import sys
from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError

host, port, now, user, password = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
for gzip in (False, True):
    client = InfluxDBClient(host, port, user, password, "example", gzip=gzip)
    assert client.ping() == "1.8.10", client.ping()
    client.create_database("example")
    client.get_list_database()
    name = "packed" if gzip else "plain"
    assert client.write_points([
        {"measurement": name, "tags": {"host": "web 1", "dc": "a,b"}, "time": (now - i) * 10**9,
         "fields": {"value": 0.5 + i, "n": i, "ok": True, "text": 'say "x"'}}
        for i in range(5)])
    assert client.write_points([{"measurement": name + "_s", "time": now, "fields": {"v": 7}}], time_precision="s", batch_size=1)
    try:
        client.query("SELECT value FROM plain")
    except InfluxDBClientError as e:
        assert "/render" in str(e), e
    else:
        raise SystemExit("a query for data has no error")
