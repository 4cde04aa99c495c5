// A body that is over may outlive its request by many small collections: it must not keep the bytes alive that long.
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { exactBody } from '../../../src/storage/streams/exact-body.ts';
import { asFlow } from '../../../src/storage/streams/flow.ts';
import { resumingBody } from '../../../src/storage/streams/resuming-body.ts';
import { collect } from '../../support/memory.ts';

const LENGTH = 100_000;

it('a body that was read holds none of its bytes', async () => {
  const { body, chunk } = await readWhole();
  // What a weak reference gave lives until the turn is over.
  await turn();
  collect();
  expect(chunk.deref()).toBeUndefined();
  expect(body.readableEnded).toBe(true);
});

it('a body that was sent holds none of its bytes', async () => {
  const { body, chunk } = await sendWhole();
  // What a weak reference gave lives until the turn is over.
  await turn();
  collect();
  expect(chunk.deref()).toBeUndefined();
  expect(body.isSent()).toBe(true);
});

async function readWhole() {
  const bytes = Buffer.alloc(LENGTH);
  const body = resumingBody(asFlow(bytes), {
    length: LENGTH,
    idleMs: 1000,
    check: null,
    reopen: () => Promise.reject(new Error('it came whole')),
    isContended: () => false,
    release() {},
  });
  await body.toArray();
  return { body, chunk: new WeakRef(bytes.buffer) };
}

async function sendWhole() {
  const bytes = Buffer.alloc(LENGTH);
  const source = new Readable({ read() {} });
  source.push(bytes);
  source.push(null);
  const body = exactBody(source, {
    length: LENGTH,
    idleMs: 1000,
    onSenderFailed() {},
    onStalled() {},
  });
  await body.stream.toArray();
  return { body, chunk: new WeakRef(bytes.buffer) };
}
