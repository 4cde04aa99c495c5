// A process that is killed once the file is there, and before the host was told of it to the end: the client repeats its
// last request to another process, and the host hears of the same upload.
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startChild, type Child } from '../support/child.ts';
import { appendHeaders, beginDraft } from '../support/draft.ts';
import { ask } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { beginTus, tusUpload } from '../support/tus.ts';
import { until } from '../support/until.ts';

const ENTRY = fileURLToPath(new URL('../support/entries/resumable-hook.ts', import.meta.url));
const PART = 5 * 2 ** 20;
let store: Awaited<ReturnType<typeof doubleStore>>;
let answering: Child;

const start = (hangs: boolean): Promise<Child> => {
  const { double: _double, close: _close, ...plain } = store;
  return startChild(ENTRY, { STORE: JSON.stringify(plain), HANGS: hangs ? '1' : '' });
};
beforeAll(async () => {
  store = await doubleStore();
  answering = await start(false);
});
afterAll(async () => {
  await answering.kill();
  await store.close();
});

it.each(
  [1000, PART + 1000].flatMap((size) => ['tus', 'draft'].map((protocol) => ({ size, protocol }))),
)('$protocol, $size bytes', { timeout: 60_000 }, async ({ size, protocol }) => {
  const hanging = await start(true);
  const bytes = randomBytes(size);
  const path = `/${protocol}-${size}.bin`;
  const headers = { 'Upload-Length': String(size) };
  const { url } =
    protocol === 'tus'
      ? await beginTus(hanging, path, headers)
      : await beginDraft(hanging, path, headers);
  const last = (port: number, offset: number) =>
    protocol === 'tus'
      ? tusUpload({ port }, url).patch(offset, bytes.subarray(offset))
      : ask(port, {
          method: 'PATCH',
          path: url,
          headers: appendHeaders(offset, true),
          body: bytes.subarray(offset),
        });
  const lost = last(hanging.port, 0).catch(() => 'nothing');
  await until(() => hanging.messages.length > 0, { what: 'the hook', deadlineMs: 20_000 });
  await hanging.kill('SIGKILL');
  expect(await lost).toBe('nothing');

  const again = await last(answering.port, size);
  expect(again.status).toBe(protocol === 'tus' ? 204 : 201);
  if (protocol === 'draft') expect(again.json()).toMatchObject({ data: { told: path.slice(1) } });
  expect(answering.messages.at(-1)).toEqual(hanging.messages[0]);
  const stored = store.double.objects(store.bucket).get(path.slice(1));
  expect(Buffer.from(stored?.bytes() ?? []).equals(bytes)).toBe(true);
});
