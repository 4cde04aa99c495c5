// Load by HEAD on raw sockets: wrk waits for the body that an answer to HEAD announces and never has.
import { connect } from 'node:net';

const [url = '', connections = '32', seconds = '2'] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(url);
const request = `HEAD ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`;
const END = '\r\n\r\n';
const latencies: number[] = [];
let failed = 0;
let bytes = 0;

function open(): void {
  const socket = connect(Number(port), hostname).setNoDelay();
  let sentAt = 0;
  let held = '';
  const ask = (): void => {
    sentAt = performance.now();
    socket.write(request);
  };
  socket.setEncoding('latin1');
  socket.on('connect', ask);
  socket.on('data', (chunk: string) => {
    bytes += chunk.length;
    held += chunk;
    if (!held.endsWith(END)) return;
    if (!held.startsWith('HTTP/1.1 200')) failed += 1;
    held = '';
    latencies.push(performance.now() - sentAt);
    ask();
  });
  socket.on('error', () => (failed += 1));
}

const from = performance.now();
for (let index = 0; index < Number(connections); index += 1) open();
setTimeout(
  () => {
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    const figures = {
      requests: latencies.length,
      bytes,
      seconds: (performance.now() - from) / 1000,
      failed,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    };
    process.stdout.write(`BENCH ${JSON.stringify(figures)}\n`, () => process.exit());
  },
  Number(seconds) * 1000,
);
