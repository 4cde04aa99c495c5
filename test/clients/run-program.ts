// Starts a client program beside the service, which answers from this process.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MOUNT, startService, type RunningService } from '../support/service.ts';
import { doubleStore, type Store } from '../support/stores.ts';
import type { FileServiceConfig } from '../../src/index.ts';
import type { Double } from '../support/double/index.ts';

/** A service over the double, a folder for what programs write, and the address of the service's root. */
export interface ProgramTrial {
  readonly store: Store & { readonly double: Double };
  readonly service: RunningService;
  /** Without a slash at its end. */
  readonly root: string;
  readonly folder: string;
  /** What storage holds under a key; undefined when it holds nothing. */
  stored(key: string): Promise<Buffer | undefined>;
  /** Runs a program in the folder; answers what it printed, and throws with it when the program fails. */
  run(command: string, ...parameters: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

const PROGRAM_MS = 60_000;

const execute = promisify(execFile);

/** Starts all of it. */
export const startProgramTrial = async (
  config: Partial<FileServiceConfig> = {},
): Promise<ProgramTrial> => {
  const store = await doubleStore();
  const service = await startService(store, config);
  const folder = await mkdtemp(join(tmpdir(), 's3files-clients-'));
  return {
    store,
    service,
    root: `http://127.0.0.1:${service.port}${MOUNT}`,
    folder,
    stored: async (key) => {
      const answer = await service.ask({
        path: `/${key.split('/').map(encodeURIComponent).join('/')}`,
      });
      return answer.status === 200 ? answer.body : undefined;
    },
    run: async (command, ...parameters) => {
      // No settings of whoever runs the tests, and no proxy of theirs.
      const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8' };
      const options = { cwd: folder, env, timeout: PROGRAM_MS, maxBuffer: 2 ** 26 };
      const { stdout, stderr } = await execute(command, parameters, options);
      return stdout + stderr;
    },
    close: async () => {
      await service.close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
};
