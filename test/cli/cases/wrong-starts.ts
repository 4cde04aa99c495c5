// Each way to start wrongly: `check` has one finding about it, which says what to do, and an exit code.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../../../src/index.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { freePort } from '../../support/free-port.ts';
import { say, serve } from '../../support/scripted-server.ts';
import { environmentOf } from '../../support/service.ts';
import { availableStores, client, doubleStore, type Store } from '../../support/stores.ts';
import { startTlsFront } from '../../support/tls-front.ts';
import type { Run } from '../run.ts';

/** Asks a command line about each wrong start. */
export function askWrongStarts(s3files: Run): void {
  /** The one finding that is about the fault; what was not tried for it has no advice. */
  const wrongIn = async (env: Record<string, string>): Promise<[number, Finding | undefined]> => {
    const { code, out } = await s3files(['check', '--json'], { env });
    const { findings } = JSON.parse(out) as { findings: readonly Finding[] };
    const wrong = findings.filter(({ ok, advice }) => !ok && advice !== null);
    expect(wrong).toHaveLength(1);
    return [code, wrong[0]];
  };

  const says = (name: string, advice: string | RegExp) => [
    1,
    expect.objectContaining({
      name,
      ok: false,
      reason: expect.stringMatching(/\.$/),
      advice: expect.stringMatching(advice),
    }),
  ];

  describe.each(availableStores())('on $name', ({ name, open }) => {
    let store: Store;
    let env: Record<string, string>;
    beforeAll(async () => {
      store = await open();
      env = environmentOf(store, 'cli');
    });
    afterAll(() => store.close());

    it.each([
      ['S3_BUCKET', 'there-is-no-such-bucket', 'bucket', '"createBucket"'],
      ['S3_ACCESS_KEY_ID', 'nobody', 'credentials', 'check "key"'],
      ['S3_SECRET_ACCESS_KEY', 'wrong', 'credentials', 'check "secret"'],
    ])('a wrong %s', async (variable, value, finding, advice) => {
      expect(await wrongIn({ ...env, [variable]: value })).toEqual(says(finding, advice));
    });

    it('no permission to write', async () => {
      if (name === 'environment') return;
      const denied = await open();
      onTestFinished(() => denied.close());
      if ('double' in denied)
        (denied as Awaited<ReturnType<typeof doubleStore>>).double.inject({
          operation: 'PutObject',
          kind: 'status',
          status: 403,
          times: 100,
        });
      else await denyWrites(denied);
      const { code, out } = await s3files(['check'], { env: environmentOf(denied) });
      expect([code, out]).toEqual([
        1,
        expect.stringMatching(/^problem write: .*\. Allow s3:PutObject on the keys/m),
      ]);
    });
  });

  /** What a bucket policy takes away even from the owner. */
  async function denyWrites(store: Store): Promise<void> {
    const truth = client(store);
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: ['*'] },
          Action: ['s3:PutObject'],
          Resource: [`arn:aws:s3:::${store.bucket}/*`],
        },
      ],
    });
    await truth.send(new PutBucketPolicyCommand({ Bucket: store.bucket, Policy }));
    truth.destroy();
  }

  describe('an endpoint', () => {
    let store: Awaited<ReturnType<typeof doubleStore>>;
    let env: Record<string, string>;
    let folder: string;
    beforeAll(async () => {
      store = await doubleStore();
      env = environmentOf(store);
      folder = mkdtempSync(join(tmpdir(), 's3files-ca-'));
    });
    afterAll(async () => {
      rmSync(folder, { recursive: true });
      await store.close();
    });

    const at = (S3_ENDPOINT: string, ca?: string): Record<string, string> => {
      const file = join(folder, 'ca.pem');
      if (ca !== undefined) writeFileSync(file, ca);
      return { ...env, S3_ENDPOINT, ...(ca === undefined ? {} : { AWS_CA_BUNDLE: file }) };
    };

    it('in another region', async () => {
      expect(await wrongIn({ ...env, S3_REGION: 'eu-west-1' })).toEqual(
        says('region', /^The bucket is in "us-east-1": set "region" to that\.$/),
      );
    });

    it('where nothing listens', async () => {
      const endpoint = `http://127.0.0.1:${await freePort()}`;
      expect(await wrongIn(at(endpoint))).toEqual(says('connection', /^Nothing listens there/));
    });

    it('whose name does not resolve', async () => {
      expect(await wrongIn(at('http://nowhere.invalid:9000'))).toEqual(says('connection', 'DNS'));
    });

    it('that is the console of a store', async () => {
      const console = await doubleStore({ quirks: { answersHtml: true } });
      onTestFinished(() => console.close());
      expect(await wrongIn(environmentOf(console))).toEqual(
        says('connection', /^What answers is not S3, but a web server/),
      );
    });

    it('that speaks no HTTP', async () => {
      const { origin } = await serve((socket) => say(socket, 'SSH-2.0-OpenSSH_9.2\r\n'));
      expect(await wrongIn(at(origin))).toEqual(says('connection', 'another protocol'));
    });

    it('of TLS that has none', async () => {
      const endpoint = `https://127.0.0.1:${store.double.port}`;
      expect(await wrongIn(at(endpoint))).toEqual(says('connection', '"http" and "https"'));
    });

    it('without TLS that has it', async () => {
      const { port } = await startTlsFront(store.double.port);
      expect(await wrongIn(at(`http://127.0.0.1:${port}`))).toEqual(
        says('connection', '"https" in "endpoint"'),
      );
    });

    it('whose certificate nobody vouches for, until its authority is named', async () => {
      const { port, ca } = await startTlsFront(store.double.port);
      const endpoint = `https://localhost:${port}`;
      expect(await wrongIn(at(endpoint))).toEqual(says('connection', '--ca=FILE'));
      expect((await s3files(['check'], { env: at(endpoint, ca) })).code).toBe(0);
    });

    it('whose certificate has expired', async () => {
      const until = new Date(Date.now() - 1000);
      const from = new Date(Date.now() - 1_000_000);
      const certificate = makeCertificate(['localhost'], { from, until });
      const { port, ca } = await startTlsFront(store.double.port, certificate);
      expect(await wrongIn(at(`https://localhost:${port}`, ca))).toEqual(
        says('connection', 'has expired: renew it, or set the clock'),
      );
    });

    it('whose certificate is for another host', async () => {
      const certificate = makeCertificate(['other.example']);
      const { port, ca } = await startTlsFront(store.double.port, certificate);
      expect(await wrongIn(at(`https://localhost:${port}`, ca))).toEqual(
        says('connection', /^The certificate is for another host name/),
      );
    });

    it('whose clock is another', async () => {
      const hour = 3_600_000;
      const late = await doubleStore({ now: () => Date.now() + hour });
      onTestFinished(() => late.close());
      expect(await wrongIn(environmentOf(late))).toEqual(says('clock', /^Set the clock/));
    });

    it('says in words what is wrong, and what was not tried for that', async () => {
      const { code, out } = await s3files(['check'], {
        env: { ...env, S3_ACCESS_KEY_ID: 'nobody' },
      });
      const lines = out.trim().split('\n');
      expect(code).toBe(1);
      expect(lines.filter((line) => line.startsWith('problem'))).toHaveLength(1);
      expect(lines).toContain('untried bucket: Not tried, for what is wrong before it.');
      expect(lines).toContain('ok      connection: fine.');
    });
  });
}
