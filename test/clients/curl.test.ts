import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../support/programs.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

const LARGE = Buffer.alloc(300_000, 'curl\n');

describe.runIf(installed('curl'))('curl', () => {
  let trial: ProgramTrial;
  const file = (name: string): string => join(trial.folder, name);
  /** The status, and nothing else. */
  const status = (...parameters: readonly string[]): Promise<string> =>
    trial.run('curl', '-sS', '-o', file('answer'), '-w', '%{http_code}', ...parameters);

  beforeAll(async () => {
    trial = await startProgramTrial();
    trial.store.double.seed(trial.store.bucket, 'large.bin', LARGE, {
      contentType: 'application/octet-stream',
      lastModified: new Date('2026-02-09T10:15:00Z'),
    });
  });
  afterAll(() => trial.close());

  it('uploads by -T, also when it waits for 100 Continue', async () => {
    writeFileSync(file('up.txt'), LARGE);
    expect(await status('-T', 'up.txt', `${trial.root}/a/`)).toBe('201');
    expect((await trial.stored('a/up.txt'))?.equals(LARGE)).toBe(true);
    const waiting = ['-H', 'Expect: 100-continue', '--expect100-timeout', '30'];
    expect(await status(...waiting, '-T', 'up.txt', `${trial.root}/b.txt`)).toBe('201');
    expect((await trial.stored('b.txt'))?.equals(LARGE)).toBe(true);
  });

  it('uploads what it reads from a pipe, without a length', async () => {
    writeFileSync(file('up.txt'), LARGE);
    const script = `cat up.txt | curl -sS -o answer -w '%{http_code}' -T - ${trial.root}/piped.txt`;
    expect(await trial.run('sh', '-c', script)).toBe('201');
    expect((await trial.stored('piped.txt'))?.equals(LARGE)).toBe(true);
  });

  it('uploads forms by -F, with names that hold accents and quotes', async () => {
    writeFileSync(file('one.txt'), 'one');
    writeFileSync(file('two.txt'), 'two');
    const form = ['-F', 'files=@one.txt', '-F', 'files=@two.txt;filename=\u00e9 "2".txt'];
    expect(await status(...form, `${trial.root}/`)).toBe('201');
    expect(await trial.stored('one.txt')).toEqual(Buffer.from('one'));
    expect(await trial.stored('\u00e9 "2".txt')).toEqual(Buffer.from('two'));
  });

  it('saves under the name that it is told, by -OJ', async () => {
    await trial.run('curl', '-sS', '-OJ', `${trial.root}/large.bin?download=true`);
    expect(readFileSync(file('large.bin')).equals(LARGE)).toBe(true);
  });

  it.each([
    ['\u00e9t\u00e9.txt', 'ete.txt'],
    ['\u4e16\u754c.txt', '__.txt'],
    ['a:b*?.txt', 'a_b__.txt'],
  ])('saves %s by -OJ under a name that any disk takes: %s', async (name, saved) => {
    trial.store.double.seed(trial.store.bucket, name, name);
    const url = `${trial.root}/${encodeURIComponent(name)}?download=true`;
    await trial.run('curl', '-sS', '-OJ', url);
    expect(readFileSync(file(saved), 'utf8')).toBe(name);
  });

  it('goes on where it stopped, by -C -', async () => {
    writeFileSync(file('part'), LARGE.subarray(0, 1234));
    await trial.run('curl', '-sS', '-C', '-', '-o', 'part', `${trial.root}/large.bin`);
    expect(readFileSync(file('part')).equals(LARGE)).toBe(true);
  });

  it('downloads only what is newer, by -z', async () => {
    const url = `${trial.root}/large.bin`;
    expect(await status('-z', 'Mon, 09 Feb 2026 10:15:00 GMT', url)).toBe('304');
    expect(await status('-z', 'Sun, 08 Feb 2026 10:15:00 GMT', url)).toBe('200');
  });

  it('compares and saves ETags', async () => {
    const url = `${trial.root}/large.bin`;
    expect(await status('--etag-save', file('etag'), url)).toBe('200');
    expect(await status('--etag-compare', file('etag'), url)).toBe('304');
  });

  it('fails by -f where the file is missing', async () => {
    await expect(trial.run('curl', '-sSf', `${trial.root}/missing`)).rejects.toThrow('404');
  });
});
