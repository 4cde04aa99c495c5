// A forced deletion of a folder, undone by one request: how long both take, and whether all is as it was.
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { inParallel } from './service-child.ts';
import { startService, type Answer, type Question } from './service.ts';
import { client, type Store } from './stores.ts';

const FOLDERS = 40;
/** Files that go and come back. */
export const FILES = 1000;

/** ETags, which are MD5s here, by key. */
type Etags = Readonly<Record<string, string>>;

interface Timed {
  readonly answer: Answer;
  readonly seconds: number;
}

/** What was there before, between and after, told around the service; and both requests. */
export interface UndoneFolder {
  readonly planted: Etags;
  readonly before: Etags;
  readonly between: Etags;
  readonly after: Etags;
  readonly gone: Timed;
  readonly back: Timed;
  /** Storage calls of the restore. */
  readonly calls: number;
}

/** Plants, deletes and restores on a store of its own bucket. */
export async function undoFolder(store: Store): Promise<UndoneFolder> {
  const config = { versions: true, trash: true, enableVersioning: true };
  const service = await startService(store, config);
  const timed = async (question: Question): Promise<Timed> => {
    const started = performance.now();
    const answer = await service.ask(question);
    return { answer, seconds: (performance.now() - started) / 1000 };
  };
  const planted: Record<string, string> = {};
  await inParallel(FILES, 25, async (file) => {
    const key = `tree/${file % FOLDERS}/deep/${file}`;
    const body = `${key} ${'x'.repeat(key.length * 10)}`;
    planted[key] = `"${createHash('md5').update(body).digest('hex')}"`;
    const { status, text } = await service.ask({ method: 'PUT', path: `/${key}`, body });
    if (status !== 201) throw new Error(`${key}: ${text}`);
  });
  const before = await etagsOf(store);
  const gone = await timed({ method: 'DELETE', path: '/tree/?force=true' });
  const between = await etagsOf(store);
  const back = await timed({ method: 'POST', path: '/tree/?restore=true' });
  const after = await etagsOf(store);
  const event = await service.audited(back.answer.headers['x-request-id'] ?? '');
  await service.close();
  return { planted, before, between, after, gone, back, calls: event.storageCalls };
}

async function etagsOf(store: Store): Promise<Etags> {
  const s3 = client(store);
  const etags: Record<string, string> = {};
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: store.bucket, ContinuationToken }),
    );
    for (const { Key = '', ETag = '' } of page.Contents ?? []) etags[Key] = ETag;
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  s3.destroy();
  return etags;
}
