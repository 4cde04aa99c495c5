// Uploads that go on over several requests: everything about them is asked of storage, nothing is remembered here.
import type { Part } from '@aws-sdk/client-s3';
import type {
  CompleteRequest,
  CompleteResult,
  Cutting,
  CutResult,
  OpenedUpload,
  PartSource,
  PartsResult,
  UploadPart,
  UploadStore,
} from '../../upload-store.js';
import type { Stat } from '../../bucket.js';
import { cutParts } from '../../streams/cut-parts.js';
import { partBudget } from '../../streams/part-budget.js';
import { hasNonce, quoted, statOf } from '../attributes.js';
import type { S3Context } from '../call.js';
import { nonsense, refusalOf, required } from '../errors.js';
import { pause } from '../retry.js';
import type { Output } from '../wire/commands.js';
import { complete } from './complete.js';
import { guardInput } from './guard.js';
import type { Signer } from '../sign.js';
import { storedEtag } from './put-object.js';
import { haltOf, partsOf, sendPart } from './parts.js';
import { openSession, sessionUpload } from './upload.js';

/** The uploads of one bucket. */
export function uploadStore(context: S3Context, signer: Signer): UploadStore {
  return {
    open: async (key, { nonce, ...attributes }) => {
      return { key, id: await openSession(context, { key, attributes, nonce }) };
    },
    parts: (upload, after = 0) => listParts(context, upload, after),
    putPart: (upload, number, bytes) => putPart(context, upload, number, bytes),
    putParts: (upload, source, cutting) => putParts(context, upload, source, cutting),
    signPart: ({ key, id }, number, expiresSeconds) => {
      const { Key, UploadId: uploadId } = targetOf(context, { key, id });
      return signer.sign(Key, { kind: 'part', key, uploadId, number, expiresSeconds });
    },
    signForm: (key, request) => signer.signForm(context.keyOf(key), request),
    complete: (upload, request) => completeSession(context, upload, request),
    abort: ({ key, id }) => sessionUpload(context, key, id).abort(),
    made: (key, nonce) => made(context, key, nonce),
  };
}

const targetOf = (context: S3Context, { key, id }: OpenedUpload) => ({
  Key: context.keyOf(key),
  UploadId: sessionUpload(context, key, id).id,
});

// Ceph 16 says NoSuchKey of an upload that was completed, others NoSuchUpload.
const isGone = (error: unknown): boolean => {
  const kind = refusalOf(error)?.kind;
  return kind === 'upload-missing' || kind === 'missing';
};

async function listParts(
  context: S3Context,
  upload: OpenedUpload,
  after: number,
): Promise<PartsResult> {
  const parts: UploadPart[] = [];
  let marker = String(after);
  try {
    for (;;) {
      const input = { ...targetOf(context, upload), PartNumberMarker: marker };
      const output: Output<'ListParts'> = await context.send('ListParts', input);
      parts.push(...(output.Parts ?? []).map(partOf));
      if (output.IsTruncated !== true) return { kind: 'open', parts };
      const next = String(output.NextPartNumberMarker ?? '');
      if (next === '' || next === marker) throw nonsense('Storage gave the same page twice.');
      marker = next;
    }
  } catch (error) {
    if (isGone(error)) return { kind: 'gone' };
    throw error;
  }
}

function partOf({ PartNumber, Size, ETag }: Part): UploadPart {
  return {
    number: required(PartNumber, 'the number of a part'),
    size: required(Size, 'the size of a part'),
    etag: quoted(ETag),
  };
}

async function putPart(
  context: S3Context,
  upload: OpenedUpload,
  number: number,
  bytes: Uint8Array,
): Promise<{ readonly kind: 'stored'; readonly etag: string } | { readonly kind: 'gone' }> {
  const halt = haltOf(context, () => {});
  try {
    const input = { ...targetOf(context, upload), PartNumber: number };
    const output = await sendPart(context, { input, bytes, signal: halt.signal });
    return { kind: 'stored', etag: storedEtag(output) };
  } catch (error) {
    if (isGone(error)) return { kind: 'gone' };
    throw halt.cause() ?? error;
  } finally {
    halt.end();
  }
}

async function putParts(
  context: S3Context,
  upload: OpenedUpload,
  source: PartSource,
  { first, size, onStored }: Cutting,
): Promise<CutResult> {
  const { maxPartBuffers, partSize } = context.settings;
  const halt = haltOf(context, () => source.stop());
  const limitBytes = maxPartBuffers * partSize;
  const borrow = () => partBudget.acquire({ size, limitBytes, signal: halt.signal });
  const pieces = cutParts(source.chunks, { size, borrow });
  const uploadId = targetOf(context, upload).UploadId;
  const hear = onStored && inOrder(first, onStored);
  const parts = partsOf(context, { key: upload.key, uploadId, first, halt, onStored: hear });
  let rest: { readonly bytes: Uint8Array; release(): void } | undefined;
  let count = 0;
  try {
    for await (const piece of pieces) {
      if (piece.bytes.length < size) {
        rest = piece;
        break;
      }
      count += 1;
      await parts.add(piece);
    }
    await parts.done();
    const { bytes, release } = rest ?? { bytes: new Uint8Array(0), release: () => {} };
    return { kind: 'sent', parts: count, rest: bytes, release };
  } catch (error) {
    rest?.release();
    halt.now(error);
    // What is under way would otherwise land in an upload that somebody looks at meanwhile.
    await parts.done().catch(() => undefined);
    if (isGone(halt.cause())) return { kind: 'gone' };
    throw halt.cause() ?? error;
  } finally {
    halt.end();
    await pieces.return();
  }
}

/** Parts land in any order; what is told is how many there are without a gap. */
function inOrder(first: number, tell: (parts: number) => void): (number: number) => void {
  const stored = new Set<number>();
  let run = 0;
  return (number) => {
    stored.add(number);
    const before = run;
    while (stored.delete(first + run)) run += 1;
    if (run > before) tell(run);
  };
}

// AWS, CompleteMultipartUpload: a part that was not found, or whose ETag is another one by now.
const CHANGED = new Set(['InvalidPart', 'InvalidPartOrder']);

async function completeSession(
  context: S3Context,
  { key, id }: OpenedUpload,
  { parts, nonce, ...request }: CompleteRequest,
): Promise<CompleteResult> {
  const upload = sessionUpload(context, key, id);
  const guard = await guardInput(context, key, request);
  if ('kind' in guard) {
    await upload.abort();
    return guard;
  }
  try {
    const result = await complete(context, {
      upload,
      writing: { key, request, guard, nonce },
      parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })),
      size: parts.reduce((sum, part) => sum + part.size, 0),
    });
    if (result.kind !== 'written') await upload.abort();
    return result;
  } catch (error) {
    if (isGone(error)) return { kind: 'gone' };
    if (await endedMeanwhile(context, { key, id }, error)) return { kind: 'gone' };
    if (CHANGED.has(refusalOf(error)?.code ?? '')) return { kind: 'changed' };
    throw error;
  }
}

// As long as another completion of the same upload may take.
const ATTEMPTS = 10;
const PAUSE_MS = 200;

/**
 * Whether a completion failed because somebody else had ended the upload, or was about to. Ceph 16 says 500 then:
 * "This multipart completion is already in progress", also of an upload that was aborted.
 */
async function endedMeanwhile(
  context: S3Context,
  upload: OpenedUpload,
  error: unknown,
): Promise<boolean> {
  const refusal = refusalOf(error);
  if (refusal?.code !== 'InternalError') return false;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if ((await listParts(context, upload, 0)).kind === 'gone') return true;
    await pause(PAUSE_MS, context.call.signal);
  }
  return false;
}

async function made(context: S3Context, key: string, nonce: string): Promise<Stat | null> {
  try {
    const output = await context.send('HeadObject', { Key: context.keyOf(key) });
    return hasNonce(output, nonce) ? statOf(key, output.ContentLength ?? null, output) : null;
  } catch (error) {
    if (refusalOf(error)?.kind === 'missing') return null;
    throw error;
  }
}
