import { describe, expect, it } from 'vitest';
import { s3Storage } from '../../../src/storage/s3/storage.ts';
import { s3rverStore } from '../../support/stores.ts';
import { BUCKET_CONTRACT } from './bucket-contract.ts';
import { askAll, settingsFor, type KnownFaults } from './given.ts';
import { READ_CONTRACT } from './read-contract.ts';
import { WRITE_CONTRACT } from './write-contract.ts';

const CONTRACT = { ...BUCKET_CONTRACT, ...READ_CONTRACT, ...WRITE_CONTRACT };

const UNSIGNED = 'signatures are not verified';
const UPLOADS = 'ListMultipartUploads answers 501';

const SDK_FAULTS: KnownFaults = {
  'list \u203a gives names that no document can carry': 'EncodingType is ignored',
};

const FAULTS: KnownFaults = {
  'list \u203a gives files and folders directly below, with size, date and ETag':
    'a folder that holds only folders is left out',
  'list \u203a gives keys in the order of their UTF-8 bytes':
    'listed in the order of a directory walk',
  'list \u203a gives every key once over several pages, folders counted':
    'a folder stands on two pages',
  'list \u203a gives names with empty segments': 'keys with an empty segment are refused',
  'stat \u203a answers precondition-failed when the ETag is another': 'If-Match is ignored',
  'removeMany \u203a removes many in one call and leaves the rest': 'keys are trimmed',
  'sign \u203a gives a URL that reads one file and nothing else': UNSIGNED,
  'sign \u203a gives a URL that writes what was agreed': UNSIGNED,
  'sign \u203a gives a URL that writes no other type and no other length': UNSIGNED,
  'sign \u203a gives a URL that creates once': 'If-None-Match is ignored',
  'conditionalWrites \u203a says that create-only writes are atomic': 'If-None-Match is ignored',
  'sweep \u203a aborts what was left behind, and never what others began': UPLOADS,
  'sweep \u203a leaves young uploads, and those of other containers': UPLOADS,
  'sweep \u203a leaves what this service still works on': UPLOADS,
  'check \u203a finds nothing wrong and leaves nothing behind': 'it has the faults above',
  'read \u203a gives a part from the start, from within and to the end':
    'Content-Range of a range beyond the end is wrong: refused as storage_failed',
  'read \u203a gives the last bytes, all of them when fewer are there':
    'other bytes are given: refused as storage_failed',
  'read \u203a answers precondition-failed for another ETag and an older date':
    'If-Match is ignored',
  'write \u203a stores nothing and keeps what was there when the body is short, long or fails':
    'what had come of a body that was cut is stored',
  'write \u203a lets one of a hundred racers create': 'If-None-Match is ignored',
  'copy \u203a copies odd names': 'a key with a question mark is not found',
  'copy \u203a copies by parts what is too large for one copy': 'UploadPartCopy answers 501',
};

for (const [title, questions] of Object.entries(CONTRACT)) {
  askAll(`s3rver: ${title}`, questions, {
    open: s3rverStore,
    faults: FAULTS,
    sdkFaults: SDK_FAULTS,
  });
}

describe('s3rver: what a host is told', () => {
  it('check \u203a names what this store cannot do, with advice', async () => {
    const store = await s3rverStore();
    const storage = s3Storage(settingsFor(store));
    const findings = await storage.check('');
    expect(findings.filter(({ ok }) => !ok)).toEqual([
      {
        name: 'multipart',
        ok: false,
        reason: 'Storage does not support this operation.',
        advice: expect.stringContaining('s3:AbortMultipartUpload'),
      },
      {
        name: 'conditional-writes',
        ok: false,
        reason: 'Storage does not honour conditional writes.',
        advice: expect.stringContaining('If-None-Match'),
      },
    ]);
    await expect(
      storage.sweep('', { olderThanSeconds: 0, sessionsOlderThanSeconds: 0, dryRun: false }),
    ).rejects.toMatchObject({
      reason: 'storage_failed',
    });
    await storage.close();
    await store.close();
  });
});
