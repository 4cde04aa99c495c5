// `s3files check`, `sweep` and `openapi`: what a service can be asked for beside requests.
import { createFileService } from '../file-service.js';
import type { FileService } from '../file-service.js';
import { allowAll } from '../core/hooks.js';
import { storageOf, wholeOf } from './config.js';
import { lineOf } from './findings.js';
import { say, type Io } from './io.js';
import type { Given } from './options.js';

async function withService<T>(
  given: Given,
  io: Io,
  work: (files: FileService) => Promise<T>,
): Promise<T> {
  const files = createFileService({ ...(await storageOf(given, io)), authorize: allowAll });
  try {
    return await work(files);
  } finally {
    await files.close();
  }
}

/** The exit code is 0 when everything is fine; `--quick` asks one cheap question only. */
export function checkStorage(given: Given, io: Io): Promise<number> {
  return withService(given, io, async (files) => {
    if (given.has('quick')) {
      const ok = await files.ready();
      const line = ok ? 'Storage answers.' : 'Storage does not answer; see `s3files check`.';
      say(io.out, given.has('json') ? JSON.stringify({ ok }) : line);
      return ok ? 0 : 1;
    }
    const result = await files.check();
    if (given.has('json')) say(io.out, JSON.stringify(result));
    else for (const finding of result.findings) say(io.out, lineOf(finding));
    return result.ok ? 0 : 1;
  });
}

/** Aborts what was left behind, or with `--dry-run` says what. */
export function sweepStorage(given: Given, io: Io): Promise<number> {
  const hours = wholeOf('older-than', given.text('older-than') ?? '24');
  const dryRun = given.has('dry-run');
  return withService(given, io, async (files) => {
    const report = await files.sweep({ olderThanSeconds: hours * 3600, dryRun });
    if (given.has('json')) say(io.out, JSON.stringify(report));
    else {
      for (const { key, startedAt } of report.uploads)
        say(io.out, `${startedAt?.toISOString() ?? 'unknown'}  ${key}`);
      const found = `${report.uploads.length} left behind`;
      say(io.out, `${found}, ${report.aborted} aborted, ${report.kept} of others or still young.`);
    }
    const isDone = dryRun || report.uploads.every(({ aborted }) => aborted);
    return isDone ? 0 : 1;
  });
}

/** The document needs no storage. */
export async function printOpenApi(given: Given, io: Io): Promise<number> {
  const isNamed = given.text('dreamfactory') !== undefined;
  const storage = isNamed ? await storageOf(given, io) : { bucket: 'bucket', region: 'us-east-1' };
  const publicUrl = given.text('public-url');
  const files = createFileService({
    ...storage,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    authorize: allowAll,
  });
  say(io.out, JSON.stringify(files.openapi(), null, 2));
  await files.close();
  return 0;
}
