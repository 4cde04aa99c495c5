// Makes Ceph RGW available to the tests of the package, where it runs or is installed. They need no other server.
import type { TestProject } from 'vitest/node';
import { joinCeph } from './ceph.ts';

/** Starts or joins Ceph; returns the teardown. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const ceph = await joinCeph();
  project.provide('cephEndpoint', ceph?.endpoint);
  return async () => {
    await ceph?.leave();
  };
};
