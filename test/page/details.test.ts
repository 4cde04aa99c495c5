// What the panel tells of a file, and what a person changes there, asserted on storage (row 15).
import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { inChromium } from '../support/in-chromium.ts';
import { pageSuite } from '../support/page-suite.ts';
import { availableStores, client, type Store } from '../support/stores.ts';

const { open: openPage } = pageSuite();

const headOf = async (store: Store, Key: string): Promise<HeadObjectCommandOutput> => {
  const s3 = client(store);
  const head = await s3.send(new HeadObjectCommand({ Bucket: store.bucket, Key }));
  s3.destroy();
  return head;
};

const start = async (open: () => Promise<Store>) => {
  const seed = { 'docs/a.bin': { body: 'text', contentType: 'application/x-old' } };
  const opened = await openPage(open(), { seed });
  const { tab, page } = opened;
  await tab.open('#/docs/');
  await tab.select('a.bin');
  await page.getByRole('button', { name: 'Details', exact: true }).click();
  const panel = page.getByRole('complementary', { name: 'Details' });
  const edit = () => panel.getByRole('button', { name: 'Edit' }).click();
  const save = () => panel.getByRole('button', { name: 'Save' }).click();
  return { ...opened, panel, edit, save };
};

inChromium.each(availableStores())('the details on $name', ({ open }) => {
  it('are those of storage', async () => {
    const { panel, store, tab } = await start(open);
    const { ETag = '' } = await headOf(store, 'docs/a.bin');
    for (const fact of ['application/x-old', '/docs/', ETag.replaceAll('"', '')])
      await panel.getByText(fact, { exact: true }).waitFor();
    await panel.getByText(/^4 bytes?$/).waitFor();
    expect(tab.troubles).toEqual([]);
  });

  it('change type, caching and metadata, and what is not named stays', async () => {
    const { page, panel, store, tab, edit, save } = await start(open);
    await edit();
    await panel.getByLabel('Type').fill('text/csv');
    await panel.getByLabel('Cache-Control').fill('max-age=60');
    await panel.getByRole('button', { name: 'Add a field' }).click();
    await panel.getByLabel('Field').fill('project');
    await panel.getByLabel('Value').fill('apollo');
    await save();
    await panel.getByText('apollo').waitFor();
    expect(await headOf(store, 'docs/a.bin')).toMatchObject({
      ContentType: 'text/csv',
      CacheControl: 'max-age=60',
      Metadata: { project: 'apollo' },
      ContentLength: 4,
    });
    await edit();
    await panel.getByLabel('Value').fill('gemini');
    await page.keyboard.press('Enter');
    await panel.getByText('gemini').waitFor();
    await edit();
    await panel.getByRole('button', { name: 'Remove' }).click();
    await save();
    await panel.getByText('gemini').waitFor({ state: 'detached' });
    expect(await headOf(store, 'docs/a.bin')).toMatchObject({
      ContentType: 'text/csv',
      CacheControl: 'max-age=60',
      Metadata: {},
    });
    expect(tab.troubles).toEqual([]);
  });

  it('are typed where the form has the focus, from the moment that it is there', async () => {
    const { page, edit, save, panel } = await start(open);
    // The form is loaded by then.
    await edit();
    await save();
    await panel.getByRole('button', { name: 'Edit' }).waitFor();
    const hasFocus = await page.evaluate(`new Promise((resolve) => {
      new MutationObserver((_, observer) => {
        const field = document.querySelector('.panel form input');
        if (field === null) return;
        observer.disconnect();
        resolve(document.activeElement === field);
      }).observe(document.body, { childList: true, subtree: true });
      [...document.querySelectorAll('.panel button')].find(({ innerText }) => innerText === 'Edit').click();
    })`);
    expect(hasFocus).toBe(true);
  });

  it('stay as they are where somebody else has stored the file meanwhile', async () => {
    const { page, panel, served, store, edit, save } = await start(open);
    await edit();
    const other = { body: 'other', contentType: 'text/x-other' };
    await served.around.plant({ 'docs/a.bin': other });
    await panel.getByLabel('Type').fill('text/csv');
    await save();
    await page.getByText('“a.bin” was changed by somebody else meanwhile.').waitFor();
    expect(await headOf(store, 'docs/a.bin')).toMatchObject({ ContentType: 'text/x-other' });
  });
});
