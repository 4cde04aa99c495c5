// A body whose length nobody knows before its end: it cannot be asked for again from where it broke off.
import { Readable } from 'node:stream';
import type { Flow } from './flow.js';
import { brokenOff } from './resuming-body.js';
import { watchdog } from './watchdog.js';

/** The flow as a stream; destroyed with `storage_unavailable` when it breaks off or stands still for `idleMs`. */
export function flowBody(flow: Flow, idleMs: number): Readable {
  const stall = watchdog(idleMs, () => void body.destroy(brokenOff(new Error('no byte in time'))));
  const body = new Readable({
    read() {
      stall.wait();
      flow.resume();
    },
    destroy(error, done) {
      stall.stop();
      flow.destroy();
      done(error);
    },
  });
  body.on('error', () => {});
  flow.start({
    data(bytes) {
      if (body.push(bytes)) return stall.wait();
      stall.rest();
      flow.pause();
    },
    end() {
      stall.stop();
      body.push(null);
    },
    fail: (error) => void body.destroy(brokenOff(error)),
  });
  return body;
}
