// Figures of share links: what altered ones open.
import { it } from 'vitest';
import { openAltered } from '../support/altered-links.ts';
import { startService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';
import { figure } from './report.ts';

const COUNT = 100_000;

it('counts what altered links open', { timeout: 600_000 }, async () => {
  const store = await doubleStore();
  store.double.seed(store.bucket, 'a.txt', 'the file');
  const service = await startService(store, { audit: () => undefined });
  const made = await service.ask({ method: 'POST', path: '/a.txt?share=true' });
  const { url } = made.json() as { url: string };
  store.double.clearCalls();
  const seed = Number(process.env.SEED ?? 1);
  const statuses = await openAltered({ port: service.port, url, count: COUNT, seed });
  const calls = store.double.calls.length;
  await service.close();
  await store.close();
  figure({
    name: '100,000 altered share links, opened over HTTP',
    target: 'none opens, no call to storage',
    measured: `${[...statuses].map(([status, count]) => `${count} x ${status}`).join(', ')}; ${calls} calls`,
    reached: !statuses.has(200) && !statuses.has(206) && calls === 0,
  });
});
