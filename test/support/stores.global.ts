// Makes the servers of the suites available once a run, and says at its end what did not run.
import type { TestProject } from 'vitest/node';
import { joinCeph } from './ceph.ts';
import { missingNotice, missingPrograms } from './programs.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Ceph RGW's address; undefined when it is not installed. */
    cephEndpoint: string | undefined;
  }
}

/** Starts or joins what the suites need; returns the teardown. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const ceph = await joinCeph();
  // One that somebody else runs need not be installed here.
  const missing = missingPrograms().filter((name) => name !== 'ceph' || ceph === undefined);
  const notice = missingNotice(missing);
  if (process.env.CI && notice !== '') throw new Error(notice);
  project.provide('cephEndpoint', ceph?.endpoint);
  return async () => {
    await ceph?.leave();
    if (notice !== '') console.warn(`\n${notice}\n`);
  };
};
