// wget, aria2, rclone, HTTPie and Python's requests: each downloads and, where it can, uploads.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../support/programs.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

const MODIFIED = new Date('2026-02-09T10:15:00Z');
const LARGE = Buffer.from(Array.from({ length: 3 * 2 ** 20 }, (_, index) => (index * 7) % 251));

let trial: ProgramTrial;
const file = (name: string): string => join(trial.folder, name);
/** Compared at once: a matcher would look at three million bytes one by one. */
const isWhole = (name: string): boolean => readFileSync(file(name)).equals(LARGE);
beforeAll(async () => {
  trial = await startProgramTrial();
  trial.store.double.seed(trial.store.bucket, 'large.bin', LARGE, {
    contentType: 'application/octet-stream',
    lastModified: MODIFIED,
  });
});
afterAll(() => trial.close());

describe.runIf(installed('wget'))('wget', () => {
  it('downloads with the date of the file, and again only when it is newer', async () => {
    const url = `${trial.root}/large.bin`;
    await trial.run('wget', '-q', '-N', url);
    expect(isWhole('large.bin')).toBe(true);
    expect(statSync(file('large.bin')).mtime).toEqual(MODIFIED);
    expect(await trial.run('wget', '-N', url)).toContain('304 Not Modified');
  });

  it('goes on where it stopped', async () => {
    writeFileSync(file('part.bin'), LARGE.subarray(0, 1_000_000));
    await trial.run('wget', '-q', '-c', '-O', 'part.bin', `${trial.root}/large.bin`);
    expect(isWhole('part.bin')).toBe(true);
  });

  it('saves under the name that it is told', async () => {
    const url = `${trial.root}/large.bin?download=true&as=other`;
    await trial.run('wget', '-q', '--content-disposition', '-P', 'named', url);
    expect(isWhole('named/large.bin')).toBe(true);
  });

  it('uploads by PUT', async () => {
    writeFileSync(file('up.txt'), 'from wget');
    const put = ['--method=PUT', '--body-file=up.txt', '-O', '-'];
    const answer = await trial.run('wget', '-q', ...put, `${trial.root}/wget.txt`);
    expect(JSON.parse(answer)).toMatchObject({ path: 'wget.txt', content_length: 9 });
  });
});

describe.runIf(installed('aria2'))('aria2', () => {
  it('downloads in pieces over several connections', async () => {
    const before = trial.service.audit.length;
    const pieces = ['-q', '-x', '4', '-s', '4', '-k', '1M', '-o', 'aria.bin'];
    // Slowly enough that the first connection does not bring all before the others begin.
    const slowly = '--max-overall-download-limit=2M';
    await trial.run('aria2c', '--no-conf', slowly, ...pieces, `${trial.root}/large.bin`);
    expect(isWhole('aria.bin')).toBe(true);
    const statuses = trial.service.audit.slice(before).map(({ status }) => status);
    // The first connection asks for all, the others for their pieces.
    expect(statuses).toContain(206);
  });
});

describe.runIf(installed('rclone'))('rclone', () => {
  it('copies a URL, name and date included', async () => {
    await trial.run('rclone', 'copyurl', '-a', `${trial.root}/large.bin`, file('rclone'));
    expect(isWhole('rclone/large.bin')).toBe(true);
  });
});

describe.runIf(installed('httpie'))('HTTPie', () => {
  const http = (...parameters: readonly string[]): Promise<string> =>
    trial.run('http', '--ignore-stdin', '--check-status', ...parameters);

  it('lists, uploads a form and reads properties', async () => {
    writeFileSync(file('pie.txt'), 'pie');
    await http('--form', 'POST', `${trial.root}/`, 'files@pie.txt');
    const listing = await http('--body', `${trial.root}/?as_list=true`);
    expect(JSON.parse(listing)).toMatchObject({ resource: expect.arrayContaining(['pie.txt']) });
    const properties = await http('--body', `${trial.root}/pie.txt`, 'include_properties==true');
    expect(JSON.parse(properties)).toMatchObject({ name: 'pie.txt', content_length: 3 });
  });

  it('makes a folder by JSON', async () => {
    const item = 'resource:=[{"type":"folder","name":"pies"}]';
    expect(JSON.parse(await http('--body', 'POST', `${trial.root}/`, item))).toEqual({
      resource: [{ name: 'pies', path: 'pies/', type: 'folder' }],
    });
  });
});

const PYTHON = `
import io, sys, requests
root = sys.argv[1]
s = requests.Session()
assert s.put(root + '/py.txt', data=b'python').status_code == 201
assert s.post(root + '/py.txt', data=b'again').status_code == 409
assert s.get(root + '/py.txt').content == b'python'
# A generator is sent in chunks.
assert s.put(root + '/chunks.txt', data=(b'x' * 1000 for _ in range(300))).json()['content_length'] == 300000
form = s.post(root + '/', files=[('files', ('\\u00e9.txt', io.BytesIO(b'1'))), ('files', ('b.txt', io.BytesIO(b'2')))])
assert [f['path'] for f in form.json()['resource']] == ['\\u00e9.txt', 'b.txt'], form.text
part = s.get(root + '/chunks.txt', headers={'Range': 'bytes=-10'})
assert (part.status_code, part.content) == (206, b'x' * 10)
etag = s.head(root + '/py.txt').headers['ETag']
assert s.get(root + '/py.txt', headers={'If-None-Match': etag}).status_code == 304
assert s.delete(root + '/py.txt').json() == {'name': 'py.txt', 'path': 'py.txt'}
print('all of it')
`;

describe.runIf(installed('requests'))("Python's requests", () => {
  it('uploads, downloads, asks under conditions and deletes over one connection', async () => {
    expect(await trial.run('python3', '-c', PYTHON, trial.root)).toBe('all of it\n');
  });
});
