// The reference of the package's types and functions, from their documentation, builds without a warning.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manifest, ROOT } from '../support/packed.ts';

let folder: string;
let printed: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3files-reference-'));
  const typedoc = join(ROOT, 'node_modules/typedoc/bin/typedoc');
  const line = [typedoc, '--out', folder, '--treatWarningsAsErrors'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, line, { cwd: ROOT }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  printed = stdout + stderr;
}, 300_000);
afterAll(() => rm(folder, { recursive: true }));

it('says nothing that is wrong', () => {
  expect(printed).not.toMatch(/warning|error/i);
});

it('has a page for each path of the package and for what a host begins with', async () => {
  const files = await readdir(folder, { recursive: true });
  const pages = [
    'functions/index.createFileService.html',
    'classes/index.FileServiceError.html',
    'functions/client_file-client.fileClient.html',
    'functions/server_fetch_fetch-handler.createFetchHandler.html',
    'functions/server_frameworks_fastify.filesPlugin.html',
    'functions/server_frameworks_nest.filesModule.html',
    'functions/server_page_file-page.filePage.html',
  ];
  expect(files).toEqual(expect.arrayContaining(pages));
  expect(await readFile(join(folder, 'index.html'), 'utf8')).toContain(manifest.version);
});
