// Uploads of archives that are unpacked into a folder: checked whole before a byte is written.
import { access } from '../../../core/hooks.js';
import { abortSignalOf } from '../../../core/client-signal.js';
import type { Archive, ArchiveEntry, ArchiveSource } from '../../../archive/unzip.js';
import { FileServiceError } from '../../../core/errors.js';
import { guardBody } from '../../../http/body/guarded-body.js';
import { expectedDigests } from '../../../http/body/digest.js';
import { baseName, resolveName } from '../../../core/key.js';
import { streamOf } from '../../../http/body/stream-of.js';
import type { Bucket } from '../../../storage/bucket.js';
import type { Ask, RunContext } from '../../operation.js';
import { placeFolder } from '../create-folder.js';
import { stoppedAt } from '../partial.js';
import { removeTree } from '../remove-tree.js';
import { stagedKey, unstage } from './staged.js';
import { storeFile, writeVerb } from './store-file.js';
import type { Upload } from './store-file.js';
import { refuseLength, refuseType, storedType } from './rules.js';

/** An archive on its way in. */
export interface ArchiveUpload extends Omit<Upload, 'via' | 'id'> {
  /** Where to unpack: `''` or a folder key. */
  readonly folder: string;
  /** Empty the folder first. */
  readonly clean: boolean;
  readonly operation: string;
}

/** The folder that an archive was unpacked into: what is answered, whichever way the archive came. */
export interface ExtractedFolder {
  readonly name: string;
  readonly path: string;
}

/**
 * Unpacks an uploaded archive. It is staged in storage, so that neither disk nor memory holds it, and
 * removed afterwards, whatever happens.
 *
 * @throws FileServiceError `invalid_archive`, `too_large`, `already_exists`, the refusal of an entry, or
 * storage's trouble with the entries written so far in `context.written`
 */
export async function extractUpload(
  ask: Ask,
  context: RunContext,
  upload: ArchiveUpload,
): Promise<ExtractedFolder> {
  const staged = stagedKey();
  try {
    const size = await stage(ask, context, upload, staged);
    const { openArchive } = await import('../../../archive/unzip.js');
    const archive = await openArchive(sourceOf(context.bucket, staged, size), {
      signal: abortSignalOf(context.signal),
    });
    await unpack(ask, context, upload, archive);
  } finally {
    await unstage(context, staged);
  }
  return { name: baseName(upload.folder), path: upload.folder };
}

async function stage(
  { settings }: Ask,
  context: RunContext,
  upload: ArchiveUpload,
  staged: string,
): Promise<number> {
  const guarded = guardBody(upload.body, {
    length: upload.length,
    maxBytes: settings.maxUploadBytes,
    idleMs: settings.timeouts.idleMs,
    minBytesPerSecond: settings.minUploadBytesPerSecond,
    digests: expectedDigests(upload.headers ?? {}),
    signal: abortSignalOf(context.signal),
  });
  context.countBytesIn(guarded.bytes);
  await context.bucket.write(staged, guarded.stream, {
    contentType: 'application/zip',
    ...(upload.length === undefined ? {} : { length: upload.length }),
  });
  return guarded.bytes();
}

function sourceOf(bucket: Bucket, key: string, size: number): ArchiveSource {
  return {
    size,
    read: async (start, end) => {
      const result = await bucket.read(key, { range: { kind: 'from', start, end } });
      if (result.kind === 'found') return streamOf(result.body);
      throw new FileServiceError(
        'storage_failed',
        'Storage lost the archive while it was unpacked.',
      );
    },
  };
}

async function unpack(
  ask: Ask,
  context: RunContext,
  upload: ArchiveUpload,
  archive: Archive,
): Promise<void> {
  const { folder, operation } = upload;
  const targets = archive.entries.map((entry) => ({
    entry,
    key: resolveName(folder, entry.name, entry.isFolder ? 'folder' : 'file', ask.rules),
  }));
  for (const { key } of targets)
    await context.authorize(access('write', key, writeVerb(ask), operation));
  for (const { entry, key } of targets) {
    if (entry.isFolder) continue;
    refuseType(storedType(undefined, key), ask.settings.allowedTypes);
    refuseLength(entry.size, ask.settings.maxUploadBytes);
  }
  if (upload.clean) {
    // Before the first deletion: an archive that turns out to be damaged must not cost what is there.
    await archive.verify();
    await empty(ask, context, upload);
  }

  let written = 0;
  for (const { entry, key } of targets) {
    try {
      await write(ask, context, upload, entry, key);
      written += 1;
    } catch (error) {
      const failure = context.explain(error);
      // The entry itself is stored by then.
      if (failure.reason === 'hook_failed') written += 1;
      throw stoppedAt(context, failure, { written, failed: key });
    }
  }
}

async function empty(ask: Ask, context: RunContext, upload: ArchiveUpload): Promise<void> {
  const removal = { force: true, contentOnly: true, operation: upload.operation, verb: 'DELETE' };
  try {
    await context.authorize(access('delete', upload.folder, 'DELETE', upload.operation));
    await removeTree(context, upload.folder, removal);
  } catch (error) {
    // A folder that is not there is as empty as it can be.
    if (context.explain(error).reason !== 'not_found') throw error;
  }
}

async function write(
  ask: Ask,
  context: RunContext,
  upload: ArchiveUpload,
  entry: ArchiveEntry,
  key: string,
): Promise<void> {
  if (entry.isFolder) {
    await placeFolder(context.bucket, key);
    return;
  }
  await storeFile(
    ask,
    { ...context, countBytesIn: () => {} },
    {
      key,
      body: await entry.open(),
      length: entry.size,
      declaredType: undefined,
      createOnly: upload.createOnly,
      via: 'extract',
      ...(upload.writes === undefined ? {} : { writes: upload.writes }),
    },
  );
}
