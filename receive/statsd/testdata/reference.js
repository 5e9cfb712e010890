// Runs Etsy's statsd without its sockets and timers: reads lists of packets in base64,
// one JSON list a line, and after each writes what a flush then sends to Graphite, as
// a JSON list of lines. Arguments: the directory of statsd, its configuration file.
'use strict';
const net = require('net'), path = require('path'), readline = require('readline');
const log = console.log;
console.log = require('util').log = () => {};

let flush, take, sent;
const timeout = setTimeout;
global.setTimeout = (f, ...rest) => f.name === 'flushMetrics' ? (flush = f) : timeout(f, ...rest);
net.createServer = () => ({ listen() {}, on() {} });
net.createConnection = () => {
  const connection = { addListener() {}, end() {}, write: text => { sent += text; } };
  connection.on = (event, f) => event === 'connect' && f.call(connection);
  return connection;
};
module.exports.start = (config, callback) => {
  take = callback;
  readline.createInterface({ input: process.stdin }).on('line', line => {
    sent = '';
    for (const packet of JSON.parse(line)) take(Buffer.from(packet, 'base64'), {});
    flush();
    log(JSON.stringify(sent.split('\n').filter(l => l)));
  }).on('close', () => process.exit(0));
  return true;
};

if (require.main === module) {
  require.cache[__filename] = module;
  const [node, , statsd, config] = process.argv;
  process.argv = [node, 'stats.js', config];
  require(path.join(statsd, 'stats.js'));
}
