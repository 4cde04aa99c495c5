import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installed, missingNotice, missingPrograms, PROGRAMS, programPath } from './programs.ts';

describe('programs', () => {
  let folder = '';
  const install = (command: string): string => {
    const path = join(folder, command);
    writeFileSync(path, '');
    chmodSync(path, 0o755);
    return path;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 's3files-programs-'));
    vi.stubEnv('PATH', ['/nowhere', folder].join(delimiter));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('are found on the PATH, by every command that they need', () => {
    // Packages of npm stand in a folder of ours, whatever the PATH says.
    const isOnPath = (name: string): boolean =>
      !['generators', 'runtimes', 'sharp', 'uppy'].includes(name);
    expect(missingPrograms().filter(isOnPath)).toEqual(Object.keys(PROGRAMS).filter(isOnPath));
    install('radosgw');
    install('ceph-mon');
    install('ceph-osd');
    expect(installed('ceph')).toBe(false);
    install('ceph');
    const redis = install('redis-server');
    expect([installed('ceph', 'redis'), programPath('redis')]).toEqual([true, redis]);
    expect(installed('ceph', 'unzip')).toBe(false);
  });

  it('are found under any of their names', () => {
    const path = install('google-chrome');
    expect([installed('chromium'), programPath('chromium')]).toEqual([true, path]);
  });

  it('are named when they are missing, with what does not run and how to get it', () => {
    expect(missingNotice(['redis', 'nginx'])).toBe(
      [
        'Not run, because these are not installed:',
        '  redis  limits and caches that several instances share',
        '  nginx  nginx in front',
        'To run them too: apt-get install redis-server nginx-light',
        'Or the whole gate, which installs everything on Debian: bash .ci/run',
      ].join('\n'),
    );
    expect(missingNotice(['generators', 'uppy'])).toContain(
      'To run them too: npm ci --prefix test/clients/generated\n' +
        'To run them too: npm ci --prefix test/clients/uppy\n',
    );
    expect(missingNotice([])).toBe('');
  });
});
