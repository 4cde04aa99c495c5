// Credentials that change, end or come from where AWS keeps them: what storage sees of them, both ways of travelling.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { s3Storage, type StorageSettings } from '../../../../src/storage/s3/storage.ts';
import { recordAws, type RecordedAws } from '../../../support/recorded-aws.ts';
import { answer, requests, say, serve } from '../../../support/scripted-server.ts';
import { WAYS, awsSettings, failureOf, withBucket } from './asked.ts';

const HOST = 'acme.s3.eu-west-1.amazonaws.com';
const HOUR_MS = 3_600_000;

// Nothing of the machine that the tests run on.
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_') && !name.includes('WARNING')) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => void vi.unstubAllEnvs());

const keysOf = (aws: RecordedAws): string[] => [
  ...new Set(aws.requests.map(({ key = 'none' }) => key)),
];
const tokensOf = (aws: RecordedAws): unknown[] => [
  ...new Set(aws.requests.map(({ headers }) => headers['x-amz-security-token'])),
];

describe.each(WAYS)('calls that travel %s', (_, leanCalls) => {
  const settings = (aws: RecordedAws, changes: Partial<StorageSettings> = {}): StorageSettings =>
    awsSettings({ ca: [aws.ca], leanCalls, credentials: undefined, ...changes });

  const askTwice = (given: StorageSettings): Promise<void> =>
    withBucket(given, async (bucket) => {
      await bucket.stat('x');
      await bucket.removeMany(['x', 'y']);
    });

  it('are signed anew as soon as credentials rotate, and before they end', async () => {
    const aws = await recordAws([HOST]);
    let issued = 0;
    // They end within five minutes, in which they are asked for again at each call.
    const credentials = () =>
      Promise.resolve({
        accessKeyId: `AKIA${issued}`,
        secretAccessKey: 'secret',
        sessionToken: `token-${issued}`,
        expiration: new Date(Date.now() + 60_000),
      });
    await withBucket(settings(aws, { credentials }), async (bucket) => {
      for (issued = 1; issued <= 4; issued += 1) await bucket.stat(`${issued}`);
    });
    expect(aws.requests.map(({ key, headers }) => [key, headers['x-amz-security-token']])).toEqual([
      ['AKIA1', 'token-1'],
      ['AKIA2', 'token-2'],
      ['AKIA3', 'token-3'],
      ['AKIA4', 'token-4'],
    ]);
  });

  it('are signed with what a provider gave for as long as that lives', async () => {
    const aws = await recordAws([HOST]);
    let issued = 0;
    const credentials = () =>
      Promise.resolve({
        accessKeyId: `AKIA${(issued += 1)}`,
        secretAccessKey: 'secret',
        expiration: new Date(Date.now() + HOUR_MS),
      });
    const given = settings(aws, { credentials });
    await withBucket(given, async (bucket) => {
      for (const key of ['a', 'b', 'c']) await bucket.stat(key);
    });
    expect(keysOf(aws)).toHaveLength(1);
  });

  it('come from the environment', async () => {
    const aws = await recordAws([HOST]);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAENVIRONMENT');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    await askTwice(settings(aws));
    expect([keysOf(aws), tokensOf(aws)]).toEqual([['AKIAENVIRONMENT'], ['token']]);
  });

  it('come from a profile', async () => {
    const aws = await recordAws([HOST]);
    const folder = mkdtempSync(join(tmpdir(), 's3files-aws-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'credentials');
    writeFileSync(file, '[acme]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    vi.stubEnv('AWS_PROFILE', 'acme');
    await askTwice(settings(aws));
    expect(keysOf(aws)).toEqual(['AKIAPROFILE']);
  });

  it('come from the metadata of an instance, with a token (IMDSv2), past the proxy', async () => {
    const aws = await recordAws([HOST]);
    const seen: string[] = [];
    const metadata = await serve(
      requests(({ head, socket }) => {
        const [method = '', path = ''] = head.split(' ');
        seen.push(`${method} ${path}`);
        if (method === 'PUT') return say(socket, answer('imds-token'));
        if (!/^x-aws-ec2-metadata-token: imds-token/im.test(head))
          return say(socket, answer('', 401));
        const identity = {
          Code: 'Success',
          AccessKeyId: 'AKIAINSTANCE',
          SecretAccessKey: 'secret',
          Token: 'role-token',
          Expiration: new Date(Date.now() + HOUR_MS).toISOString(),
        };
        return say(socket, answer(path.endsWith('/') ? 'role' : JSON.stringify(identity)));
      }),
    );
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', undefined);
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', metadata.origin);
    await askTwice(settings(aws));
    expect([keysOf(aws), tokensOf(aws)]).toEqual([['AKIAINSTANCE'], ['role-token']]);
    expect(seen[0]).toBe('PUT /latest/api/token');
    expect(seen).toContain('GET /latest/meta-data/iam/security-credentials/role');
  });

  it('come from the container that runs them (ECS, EKS)', async () => {
    const aws = await recordAws([HOST]);
    const identity = {
      AccessKeyId: 'AKIACONTAINER',
      SecretAccessKey: 'secret',
      Token: 'task-token',
      Expiration: new Date(Date.now() + HOUR_MS).toISOString(),
    };
    const server = await serve(
      requests(({ socket }) => say(socket, answer(JSON.stringify(identity)))),
    );
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${server.origin}/get`);
    await askTwice(settings(aws));
    expect([keysOf(aws), tokensOf(aws)]).toEqual([['AKIACONTAINER'], ['task-token']]);
  });

  it('are not made without credentials, and check says so', async () => {
    const aws = await recordAws([HOST]);
    const given = settings(aws);
    const failure = await withBucket(given, (bucket) => failureOf(bucket.stat('x')));
    expect(failure).toMatchObject({ reason: 'storage_access_denied' });
    const storage = s3Storage(given);
    const wrong = (await storage.check('')).filter(({ ok }) => !ok);
    expect(wrong[0]).toMatchObject({ name: 'credentials' });
    await storage.close();
    expect(aws.requests).toEqual([]);
  });

  it('that have ended are 403, and check says that it is the credentials', async () => {
    const aws = await recordAws([HOST]);
    const headers = { 'content-type': 'application/xml' };
    const body =
      '<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>';
    aws.answer(() => ({ status: 400, headers, body }));
    const given = settings(aws, { credentials: awsSettings().credentials });
    const failure = await withBucket(given, (bucket) => failureOf(bucket.read('x')));
    expect(failure).toMatchObject({ reason: 'storage_access_denied' });
    const storage = s3Storage(given);
    const wrong = (await storage.check('')).filter(({ ok }) => !ok);
    expect(wrong[0]).toMatchObject({ name: 'credentials' });
    await storage.close();
  });
});
