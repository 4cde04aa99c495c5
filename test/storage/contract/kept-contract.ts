// What a copy keeps of its source, whether it is made whole, by parts, or onto itself with other attributes.
import {
  GetObjectAclCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { Attributes, CopyResult } from '../../../src/storage/bucket.ts';
import { s3Context } from '../../../src/storage/s3/call.ts';
import { connect } from '../../../src/storage/s3/connection.ts';
import { copy } from '../../../src/storage/s3/copy.ts';
import { settingsFor, type Given, type Questions } from './given.ts';

const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';
const PART_BYTES = 5 * 2 ** 20;

/** Stores a file with all that a copy could lose. */
const plant = ({ truth, store, container }: Given, size: number): Promise<unknown> =>
  truth.send(
    new PutObjectCommand({
      Bucket: store.bucket,
      Key: `${container}page`,
      Body: Buffer.alloc(size, 'x'),
      ContentType: 'text/html',
      Expires: new Date('2031-01-02T03:04:05Z'),
      WebsiteRedirectLocation: '/other',
      Tagging: 'kind=page&year=2026',
      ACL: 'public-read',
    }),
  );

/** What the store says of a file, around the service. */
const told = async ({ truth, store, container }: Given, key: string) => {
  const where = { Bucket: store.bucket, Key: container + key };
  const head = await truth.send(new HeadObjectCommand(where));
  const { TagSet = [] } = await truth.send(new GetObjectTaggingCommand(where));
  const { Grants = [] } = await truth.send(new GetObjectAclCommand(where));
  return {
    type: head.ContentType,
    expires: head.ExpiresString,
    redirect: head.WebsiteRedirectLocation,
    tags: Object.fromEntries(TagSet.map(({ Key = '', Value }) => [Key, Value])),
    isPublic: Grants.some(
      ({ Grantee, Permission }) => Grantee?.URI === ALL_USERS && Permission === 'READ',
    ),
    hasOwner: Grants.some(({ Permission }) => Permission === 'FULL_CONTROL'),
  };
};

const KEPT = {
  expires: 'Thu, 02 Jan 2031 03:04:05 GMT',
  redirect: '/other',
  tags: { kind: 'page', year: '2026' },
  isPublic: true,
  hasOwner: true,
};

type Copier = (given: Given, to: string, attributes?: Attributes) => Promise<CopyResult>;

const whole: Copier = ({ bucket }, to, attributes) => bucket.copy({ from: 'page', to, attributes });

const byParts: Copier = async (given, to, attributes) => {
  const connection = connect(settingsFor(given.store));
  const context = s3Context(connection, given.container, {
    signal: new AbortController().signal,
    onCall: () => undefined,
  });
  try {
    const limits = { whole: PART_BYTES, part: PART_BYTES };
    return await copy(context, { from: 'page', to, attributes }, limits);
  } finally {
    connection.close(new Error('the test has ended'));
  }
};

const keeps =
  (copier: Copier, size: number, to: string, attributes?: Attributes): Questions[string] =>
  async (given) => {
    await plant(given, size);
    expect((await copier(given, to, attributes)).kind).toBe('copied');
    const type = attributes?.contentType ?? 'text/html';
    expect(await told(given, to)).toEqual({ type, ...KEPT });
  };

const OTHER_TYPE = { contentType: 'text/plain' };

/** Copies, and the changes of attributes that are copies onto themselves. */
export const KEPT_CONTRACT = {
  KEPT: {
    'copy \u203a keeps Expires, redirect, tags and ACL': keeps(whole, 10, 'copy'),
    'copy \u203a keeps them with other attributes': keeps(whole, 10, 'copy', OTHER_TYPE),
    'copy \u203a keeps them of a file that is changed in its place': keeps(
      whole,
      10,
      'page',
      OTHER_TYPE,
    ),
    'copy \u203a keeps them by parts': keeps(byParts, 2 * PART_BYTES, 'copy'),
    'copy \u203a keeps them by parts with other attributes': keeps(
      byParts,
      2 * PART_BYTES,
      'copy',
      OTHER_TYPE,
    ),
  } satisfies Questions,
};
