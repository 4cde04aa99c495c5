// Figures of undoing: a thousand files deleted and restored, each by one request.
import { it } from 'vitest';
import { availableStores } from '../support/stores.ts';
import { FILES, undoFolder } from '../support/undone-folder.ts';
import { figure } from './report.ts';

it.each(availableStores())('times an undone deletion on $name', async ({ name, open }) => {
  const store = await open();
  const { planted, after, gone, back, calls } = await undoFolder(store);
  await store.close();
  const isSame = JSON.stringify(sorted(after)) === JSON.stringify(sorted(planted));
  const seconds = gone.seconds + back.seconds;
  figure({
    name: `${FILES} files in 40 folders deleted by one request and restored by one, ${name}`,
    target: 'all identical, <= 10 s in all',
    measured: `${isSame ? 'identical' : 'not identical'}; ${gone.seconds.toFixed(1)} s and ${back.seconds.toFixed(1)} s, ${calls} calls to restore`,
    reached: isSame && seconds <= 10,
  });
});

function sorted(etags: Readonly<Record<string, string>>) {
  return Object.entries(etags).toSorted(([left], [right]) => (left < right ? -1 : 1));
}
