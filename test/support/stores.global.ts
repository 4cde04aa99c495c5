// Makes the servers of the suites available once a run. A missing one is a failure in CI; on
// anyone's own machine its suites are left out, and the run says so.
import type { TestProject } from 'vitest/node';
import { joinCeph } from './ceph.ts';
import { chromiumPath } from './chromium.ts';
import { redisInstalled } from './redis.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Ceph RGW's address; undefined when it is not installed. */
    cephEndpoint: string | undefined;
  }
}

const leaveOut = (name: string, packages: string): void => {
  const line = `${name} is not installed: apt-get install ${packages}, or run .ci/run`;
  if (process.env.CI) throw new Error(line);
  console.warn(`${line}; its suites are left out`);
};

/** Starts or joins what the suites need; returns the teardown. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const ceph = await joinCeph();
  if (ceph === undefined) leaveOut('Ceph RGW', 'radosgw ceph-mon ceph-osd');
  if (!redisInstalled()) leaveOut('Redis', 'redis-server');
  if (chromiumPath() === undefined) leaveOut('Chromium', 'chromium');
  project.provide('cephEndpoint', ceph?.endpoint);
  return async () => ceph?.leave();
};
