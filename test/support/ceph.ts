// Ceph RGW for a test run: shared by runs on one machine, stopped by the last of those that started it.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { answers } from './free-port.ts';
import { installed } from './programs.ts';

const SCRIPT = fileURLToPath(new URL('./ceph-rgw.sh', import.meta.url));

/** The one user of the gateway. */
export const CEPH_USER = {
  accessKeyId: process.env.RGW_KEY ?? 'testaccess',
  secretAccessKey: process.env.RGW_SECRET ?? 'testsecretkey',
};

/** A gateway that answers; `leave` stops it when the tests started it and no other run uses it. */
export interface Ceph {
  readonly endpoint: string;
  leave(): Promise<void>;
}

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Joins the gateway on RGW_PORT, starting it when needed; undefined when Ceph is not installed. */
export const joinCeph = async (): Promise<Ceph | undefined> => {
  const port = Number(process.env.RGW_PORT ?? 7480);
  const users = join(tmpdir(), `s3files-rgw-${port}.users`);
  const seat = join(users, `${process.pid}`);
  const script = (verb: string): Promise<unknown> =>
    promisify(execFile)(SCRIPT, [verb], { env: { ...process.env, RGW_PORT: `${port}` } });

  const others = (): boolean =>
    readdirSync(users).some((name) => Number(name) !== process.pid && runs(Number(name)));

  if (!(await answers(port))) {
    if (!installed('ceph')) return undefined;
    // The folder marks a gateway that tests started; one that somebody else runs has none.
    mkdirSync(users, { recursive: true });
    writeFileSync(seat, '');
    await script('start');
  }
  const startedByTests = ((): boolean => {
    try {
      writeFileSync(seat, '');
      return true;
    } catch {
      return false;
    }
  })();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    leave: async () => {
      if (!startedByTests) return;
      rmSync(seat, { force: true });
      if (others()) return;
      rmSync(users, { recursive: true, force: true });
      await script('stop');
    },
  };
};
