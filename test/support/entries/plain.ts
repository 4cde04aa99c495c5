// A server for the rig's own tests: it answers, leaks on request and crashes on request.
import { createServer } from 'node:http';
import { onParent, reportToParent, tellParent } from '../child-harness.ts';

const kept: Buffer[] = [];

const actions: Record<string, () => void> = {
  '/keep': () => kept.push(Buffer.alloc(64 * 2 ** 20, 1)),
  '/drop': () => kept.splice(0),
  '/reject': () => void Promise.reject(new Error('nobody catches this')),
  '/block': () => {
    const end = performance.now() + 200;
    while (performance.now() < end);
  },
};

onParent((value) => tellParent({ echo: value, name: process.env.NAME }));
reportToParent(
  createServer((req, res) => {
    actions[req.url ?? '']?.();
    res.end('done');
  }).listen(0, '127.0.0.1'),
);
