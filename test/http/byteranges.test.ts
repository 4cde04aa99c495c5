import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { byteranges, type ByteRanges } from '../../src/http/byteranges.ts';

const bytes = Buffer.from('0123456789');
const ranges = [
  { start: 0, end: 1 },
  { start: 4, end: 5 },
];

const partsOf = (open: (range: { start: number; end: number }) => Promise<Readable>): ByteRanges =>
  byteranges({ ranges, size: 10, contentType: 'text/plain', open });

const open = async ({ start, end }: { start: number; end: number }): Promise<Readable> =>
  Readable.from([bytes.subarray(start, end + 1)], { objectMode: false });

const read = async (stream: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

describe('byteranges', () => {
  it('puts every range into a part of its own, under a type and a length that are true', async () => {
    const { contentType, length, stream } = partsOf(open);
    const boundary = contentType.replace('multipart/byteranges; boundary=', '');
    const text = await read(stream);
    expect(text.split(`--${boundary}`)).toEqual([
      '',
      '\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n',
      '\r\nContent-Type: text/plain\r\nContent-Range: bytes 4-5/10\r\n\r\n45\r\n',
      '--\r\n',
    ]);
    expect(length).toBe(text.length);
  });

  it('opens one range at a time, and none before it is read', async () => {
    let opened = 0;
    let most = 0;
    const { stream } = partsOf(async (range) => {
      opened += 1;
      most = Math.max(most, opened);
      const part = await open(range);
      part.once('close', () => (opened -= 1));
      return part;
    });
    await new Promise(setImmediate);
    expect(most).toBe(0);
    await read(stream);
    expect([most, opened]).toEqual([1, 0]);
  });

  it.each([
    ['shorter', '4'],
    ['longer', '456'],
  ])('errs when a range is %s than was asked', async (_, text) => {
    const { stream } = partsOf(async (range) =>
      range.start === 0 ? open(range) : Readable.from([Buffer.from(text)], { objectMode: false }),
    );
    await expect(read(stream)).rejects.toMatchObject({ reason: 'storage_failed' });
  });

  it('errs when a range cannot be opened, or breaks', async () => {
    const refused = partsOf(() => Promise.reject(new Error('changed')));
    await expect(read(refused.stream)).rejects.toThrow('changed');
    const broken = partsOf(async () => {
      const part = new PassThrough();
      part.write('0');
      part.on('resume', () => undefined);
      setImmediate(() => part.destroy(new Error('reset')));
      return part;
    });
    await expect(read(broken.stream)).rejects.toThrow('reset');
  });

  it('closes the open range when the reader leaves', async () => {
    const part = new PassThrough();
    part.write('0');
    const { stream } = partsOf(async () => part);
    stream.once('data', () => stream.destroy());
    await once(part, 'close');
    expect(part.destroyed).toBe(true);
  });

  it('closes a range that was being opened when the reader left', async () => {
    const part = new PassThrough();
    let arrive: (value: Readable) => void = () => undefined;
    const { stream } = partsOf(() => new Promise((resolve) => (arrive = resolve)));
    stream.read(0);
    await new Promise(setImmediate);
    stream.destroy();
    arrive(part);
    await once(part, 'close');
    expect(part.destroyed).toBe(true);
  });
});
