# Sends byte for byte what pyformance's reporters send with urllib.
import base64, json, sys, urllib.request

url, now, key = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def post(path, body, headers):
    request = urllib.request.Request(url + path, data=body.encode(), headers=headers)
    with urllib.request.urlopen(request) as answer:
        assert 200 <= answer.status < 300, answer.status
        return answer.status

basic = lambda text: {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

# InfluxReporter
urllib.request.urlopen(urllib.request.Request(url + "/query?q=CREATE%20DATABASE%20metrics", headers=basic("user:" + key)))
post("/write?db=metrics&precision=s", "pf.requests count=3,1m_rate=0.5,999_percentile=nan %d\npf.temp value=True %d" % (now, now), basic("user:" + key))
# OpenTSDBReporter
post("/api/put", json.dumps([
    {"metric": "tsdb.requests", "value": 4, "timestamp": now, "tags": {"host": "h1"}},
    {"metric": "tsdb.none", "value": float("nan"), "timestamp": now, "tags": {}}]),
    {"Content-Type": "application/json", **basic("app:" + key)})
# HostedGraphiteReporter: the key without a colon
post("/api/v1/sink", "hg.requests.count 5L %d\nhg.rate 0.25 %d\n" % (now, now), basic(key))
# Zibrato's back end to Librato: HEAD first, and exactly 200
request = urllib.request.Request(url + "/v1/metrics", method="HEAD", headers=basic("me@example.com:" + key))
assert urllib.request.urlopen(request).status == 200
assert post("/v1/metrics", json.dumps({"gauges": [{"name": "users", "value": 6, "source": "web:1", "measure_time": str(now)}]}),
    {"Content-Type": "application/json", **basic("me@example.com:" + key)}) == 200
