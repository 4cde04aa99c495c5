// Where calls go on AWS, seen from there: both ways of travelling, for every form of address that a bucket has.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StorageSettings } from '../../../../src/storage/s3/storage.ts';
import { recordAws } from '../../../support/recorded-aws.ts';
import { WAYS, askEverything, awsSettings, withBucket } from './asked.ts';

afterEach(() => void vi.unstubAllEnvs());

interface Address {
  readonly settings?: Partial<StorageSettings>;
  readonly env?: Readonly<Record<string, string>>;
  readonly host: string;
  /** What stands before keys. */
  readonly base?: string;
  /** Of the signature. */
  readonly region?: string;
}

const US = { region: 'us-east-1' };

const ADDRESSES: Readonly<Record<string, Address>> = {
  'a bucket': { host: 'acme.s3.eu-west-1.amazonaws.com' },
  'a bucket with dots, whose certificate would not hold': {
    settings: { bucket: 'acme.files' },
    host: 's3.eu-west-1.amazonaws.com',
    base: '/acme.files',
  },
  'path style': {
    settings: { usePathStyleEndpoint: true },
    host: 's3.eu-west-1.amazonaws.com',
    base: '/acme',
  },
  AWS_USE_DUALSTACK_ENDPOINT: {
    env: { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
    host: 'acme.s3.dualstack.eu-west-1.amazonaws.com',
  },
  AWS_USE_FIPS_ENDPOINT: {
    settings: US,
    env: { AWS_USE_FIPS_ENDPOINT: 'true' },
    host: 'acme.s3-fips.us-east-1.amazonaws.com',
    region: 'us-east-1',
  },
  'both of them': {
    settings: US,
    env: { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
    host: 'acme.s3-fips.dualstack.us-east-1.amazonaws.com',
    region: 'us-east-1',
  },
  'transfer acceleration': {
    settings: { endpoint: 'https://s3-accelerate.amazonaws.com' },
    host: 'acme.s3-accelerate.amazonaws.com',
  },
  'acceleration over IPv6': {
    settings: { endpoint: 'https://s3-accelerate.dualstack.amazonaws.com' },
    host: 'acme.s3-accelerate.dualstack.amazonaws.com',
  },
  'the ARN of an access point': {
    settings: { bucket: 'arn:aws:s3:eu-west-1:123456789012:accesspoint/files' },
    host: 'files-123456789012.s3-accesspoint.eu-west-1.amazonaws.com',
  },
  'the alias of an access point': {
    settings: { bucket: 'files-hq1j2k3-s3alias' },
    host: 'files-hq1j2k3-s3alias.s3.eu-west-1.amazonaws.com',
  },
  China: {
    settings: { region: 'cn-north-1' },
    host: 'acme.s3.cn-north-1.amazonaws.com.cn',
    region: 'cn-north-1',
  },
};

describe.each(WAYS)('calls that travel %s', (_, leanCalls) => {
  it.each(Object.entries(ADDRESSES))('reach %s', async (_name, address) => {
    const { settings = {}, env = {}, host, base = '', region = 'eu-west-1' } = address;
    const aws = await recordAws([host]);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await askEverything(awsSettings({ ...settings, ca: [aws.ca], leanCalls }));
    expect(
      aws.requests.map(({ method, host: asked, target, scope }) => ({
        call: `${method} ${asked}${target.split('?', 1)[0]}`,
        scope,
      })),
    ).toEqual(
      [
        `GET ${host}${base}/`,
        `HEAD ${host}${base}/app/a%20b.txt`,
        `PUT ${host}${base}/app/a%20b.txt`,
        `DELETE ${host}${base}/app/a%20b.txt`,
        `POST ${host}${base}/`,
      ].map((call) => ({ call, scope: `${region}/s3` })),
    );
  });

  it('never say that somebody else pays, nor bring a key of their own', async () => {
    const aws = await recordAws(['acme.s3.eu-west-1.amazonaws.com']);
    await askEverything(awsSettings({ ca: [aws.ca], leanCalls }));
    const names = new Set(aws.requests.flatMap(({ headers }) => Object.keys(headers)));
    expect([...names].filter((name) => /payer|customer/.test(name))).toEqual([]);
  });

  it('sign URLs for the same addresses', async () => {
    for (const { settings = {}, env = {}, host, base = '', region } of Object.values(ADDRESSES)) {
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
      const signed = await withBucket(awsSettings({ ...settings, leanCalls }), (bucket) =>
        bucket.sign({ kind: 'read', key: 'a b.txt', expiresSeconds: 60 }),
      );
      const url = new URL(signed.url);
      expect(url.origin + url.pathname).toBe(`https://${host}${base}/app/a%20b.txt`);
      expect(url.searchParams.get('X-Amz-Credential')).toContain(`/${region ?? 'eu-west-1'}/s3/`);
      vi.unstubAllEnvs();
    }
  });
});
