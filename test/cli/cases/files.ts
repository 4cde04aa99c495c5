// `ls`, `upload` and `download` on every store, past a service and through one.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeys } from '../../../src/index.ts';
import { startService, type RunningService } from '../../support/service.ts';
import { environmentOf } from '../../support/service.ts';
import { availableStores, doubleStore, type Store } from '../../support/stores.ts';
import { until } from '../../support/until.ts';
import type { Run } from '../run.ts';

/** Asks a command line for files, up, down and listed. */
export function askFiles(s3files: Run): void {
  const MIB = 2 ** 20;
  let local: string;
  beforeAll(() => {
    local = mkdtempSync(join(tmpdir(), 's3files-cli-'));
    mkdirSync(join(local, 'tree/sub'), { recursive: true });
    writeFileSync(join(local, 'tree/a b.txt'), 'a');
    writeFileSync(join(local, 'tree/sub/ü+%.txt'), 'b');
    writeFileSync(join(local, 'large.bin'), randomBytes(3 * MIB));
  });
  afterAll(() => rmSync(local, { recursive: true }));
  const at = (...path: string[]): string => join(local, ...path);

  describe.each(availableStores())('on $name', ({ open }) => {
    let store: Store;
    let env: Record<string, string>;
    beforeAll(async () => {
      store = await open();
      env = environmentOf(store, 'cli');
    });
    afterAll(() => store.close());

    it('a folder goes up, is listed, and comes down the same', async () => {
      const up = await s3files(['upload', '--recursive', at('tree'), 'docs/'], { env });
      expect(up).toMatchObject({ code: 0, err: '' });
      const { out } = await s3files(['ls', '--recursive', '--json', 'docs'], { env });
      const paths = out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { path: string }).path);
      expect(paths.toSorted()).toEqual([
        'docs/tree/',
        'docs/tree/a b.txt',
        'docs/tree/sub/',
        'docs/tree/sub/ü+%.txt',
      ]);
      const down = await s3files(['download', '--recursive', 'docs/tree/', at('back')], { env });
      expect(down).toMatchObject({ code: 0, err: '' });
      expect(readFileSync(at('back/tree/sub/ü+%.txt'), 'utf8')).toBe('b');
      rmSync(at('back'), { recursive: true });
    });

    it('replaces on neither side what it is not told to', async () => {
      expect((await s3files(['upload', at('large.bin'), 'once.bin'], { env })).code).toBe(0);
      const again = await s3files(['upload', at('large.bin'), 'once.bin'], { env });
      expect([again.code, again.err]).toEqual([1, expect.stringContaining('exists')]);
      const words = ['upload', '--overwrite', at('large.bin'), 'once.bin'];
      expect((await s3files(words, { env })).code).toBe(0);
      writeFileSync(at('once.bin'), 'mine');
      const down = await s3files(['download', 'once.bin', local], { env });
      expect([down.code, down.err]).toEqual([
        1,
        expect.stringContaining('--overwrite replaces it'),
      ]);
      expect(readFileSync(at('once.bin'), 'utf8')).toBe('mine');
      expect((await s3files(['download', '--overwrite', 'once.bin', local], { env })).code).toBe(0);
      expect(readFileSync(at('once.bin')).equals(readFileSync(at('large.bin')))).toBe(true);
    });

    it('names what is not there, with its exit code', async () => {
      const { code, err } = await s3files(['download', 'nothing.txt', local], { env });
      expect([code, err]).toEqual([1, expect.stringContaining("'nothing.txt' does not exist")]);
      expect((await s3files(['ls', 'nowhere/'], { env })).code).toBe(1);
    });

    it('check is fine, quickly too; sweep finds nothing', async () => {
      const check = await s3files(['check', '--json'], { env });
      const { ok, findings } = JSON.parse(check.out) as { ok: boolean; findings: object[] };
      expect([check.code, ok, findings.length > 5]).toEqual([0, true, true]);
      // Storage has three seconds to answer, which a busy machine may need more than once.
      const quick = () => s3files(['check', '--quick'], { env });
      await until(async () => (await quick()).out === 'Storage answers.\n', {
        what: 'storage to answer',
        deadlineMs: 60_000,
      });
      expect((await s3files(['sweep', '--dry-run'], { env })).out).toContain('0 left behind');
    });
  });

  describe('resume', () => {
    let store: Awaited<ReturnType<typeof doubleStore>>;
    let service: RunningService;
    let env: Record<string, string>;
    beforeAll(async () => {
      store = await doubleStore();
      service = await startService(store, { authenticate: apiKeys({ secret: { id: 'me' } }) });
      env = {
        S3FILES_URL: `http://127.0.0.1:${service.port}${service.mount}`,
        S3FILES_KEY: 'secret',
      };
    });
    afterAll(async () => {
      await service.close();
      await store.close();
    });

    it('speaks to a running service with its key, and says when it has none', async () => {
      expect(await s3files(['upload', at('tree/a b.txt'), 'a.txt'], { env })).toMatchObject({
        code: 0,
        out: 'a.txt\n',
      });
      const { S3FILES_URL = '' } = env;
      const { code, err } = await s3files(['ls'], { env: { S3FILES_URL } });
      expect([code, err]).toEqual([1, expect.stringContaining('Unauthorized')]);
    });

    it('leaves out what is whole, sends what is not', async () => {
      store.double.seed(store.bucket, 'in/tree/a b.txt', 'a');
      store.double.seed(store.bucket, 'in/tree/sub/ü+%.txt', 'part of another length');
      const words = ['upload', '--resume', '--recursive', '--json', at('tree'), 'in/'];
      const { code, out } = await s3files(words, { env });
      expect(code).toBe(0);
      expect(
        out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(
        expect.arrayContaining([
          { path: 'in/tree/a b.txt', skipped: true },
          { path: 'in/tree/sub/ü+%.txt' },
        ]),
      );
    });

    it('goes on with a download where it was cut, by a range of the same version', async () => {
      const body = randomBytes(3 * MIB);
      store.double.seed(store.bucket, 'cut.bin', body);
      // What is cut is asked for again by the service itself, until storage is silent for good.
      store.double.inject({ operation: 'GetObject', key: /cut/, kind: 'fin', bytes: MIB });
      store.double.inject({ operation: 'GetObject', key: /cut/, kind: 'fin', times: 50 });
      const target = at('resumed');
      const first = await s3files(['download', 'cut.bin', target], { env });
      expect(first.code).toBe(1);
      const [part = ''] = readdirSync(target);
      expect(part).toMatch(/^cut\.bin\.[0-9a-f]{16}\.part$/);
      const begun = readFileSync(join(target, part)).length;
      expect(begun).toBeGreaterThan(0);
      store.double.clearFaults();
      const sent = service.audit.length;
      expect((await s3files(['download', '--resume', 'cut.bin', target], { env })).code).toBe(0);
      expect(readFileSync(join(target, 'cut.bin')).equals(body)).toBe(true);
      expect(readdirSync(target)).toEqual(['cut.bin']);
      const rest = (): boolean =>
        service.audit.slice(sent).some(({ bytesOut }) => bytesOut === 3 * MIB - begun);
      await until(rest, { what: 'the record of a read of the rest' });
    });

    it('draws progress on a terminal, and nothing elsewhere', async () => {
      const words = ['upload', '--overwrite', at('large.bin'), 'p.bin'];
      const { err } = await s3files(words, { env, isTTY: true });
      // A quick transfer is over before the bar is drawn again.
      expect(err).toMatch(/\[#*\.*\] \d+ % .*p\.bin/);
      expect((await s3files(words, { env })).err).toBe('');
      expect((await s3files([...words, '--quiet'], { env, isTTY: true })).err).toBe('');
    });
  });
}
