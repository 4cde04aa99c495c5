// The programs that suites run besides Node, and where each comes from. One that is missing leaves its suites out
// and is named once, at the end of the run; in CI it fails the run before it begins.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

interface Program {
  /** On the PATH: every one of these, or with `anyOf` the first that is there. */
  readonly commands: readonly string[];
  readonly anyOf?: true;
  /** What `python3` must be able to import. */
  readonly pythonModule?: string;
  /** Debian's packages. */
  readonly packages: readonly string[];
  /** Instead of commands: a folder here with packages of npm, apart from the rest, which needs none of them. */
  readonly npmFolder?: string;
  /** What does not run without it. */
  readonly runs: string;
}

const named = (name: string, runs: string, packages: readonly string[] = [name]): Program => ({
  commands: [name],
  packages,
  runs,
});

export const PROGRAMS = {
  ceph: {
    commands: ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph'],
    packages: ['radosgw', 'ceph-mon', 'ceph-osd'],
    runs: 'every suite of storage on a second store, Ceph RGW',
  },
  redis: named('redis-server', 'limits and caches that several instances share'),
  chromium: {
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    anyOf: true,
    // The second is the same without a window, a viewer of PDFs and a user, and needs half the time: see chromium.ts.
    packages: ['chromium', 'chromium-headless-shell'],
    runs: 'what a browser makes of what users uploaded',
  },
  aria2: named('aria2c', 'aria2 as a client', ['aria2']),
  bsdtar: named('bsdtar', 'archives as libarchive reads them from a pipe', ['libarchive-tools']),
  curl: named('curl', 'curl as a client'),
  generators: {
    commands: [],
    packages: [],
    npmFolder: 'test/clients/generated',
    runs: 'clients that generators write from the description, its linters, and pdf.js',
  },
  ffmpeg: named('ffmpeg', 'audio and video read in parts'),
  haproxy: named('haproxy', 'HAProxy in front'),
  httpie: named('http', 'HTTPie as a client', ['httpie']),
  java: {
    commands: ['java', 'javac'],
    packages: ['default-jdk-headless'],
    runs: "archives as Java's ZipInputStream reads them",
  },
  nginx: named('nginx', 'nginx in front', ['nginx-light']),
  p7zip: named('7z', 'archives as 7-Zip reads them', ['p7zip-full']),
  python3: named('python3', 'archives as Python reads them'),
  rclone: named('rclone', 'rclone as a client'),
  requests: {
    ...named('python3', "Python's requests as a client", ['python3-requests']),
    pythonModule: 'requests',
  },
  uppy: {
    commands: [],
    packages: [],
    npmFolder: 'test/clients/uppy',
    runs: 'Uppy in pages, by its plugins for tus and for S3',
  },
  varnish: named('varnishd', 'Varnish in front', ['varnish']),
  wget: named('wget', 'wget as a client'),
  runtimes: {
    commands: [],
    packages: [],
    npmFolder: 'test/package/runtimes',
    runs: 'the service in Bun',
  },
  sharp: {
    commands: [],
    packages: [],
    npmFolder: 'examples/variants',
    runs: 'the recipe of image variants',
  },
  unzip: named('unzip', 'archives as Info-ZIP reads them'),
  zip: named('zip', 'archives as Info-ZIP writes them'),
} as const satisfies Readonly<Record<string, Program>>;

export type ProgramName = keyof typeof PROGRAMS;

/** Where a command stands; undefined when it is not on the PATH. */
export const pathOf = (command: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

const imports = (python: string | undefined, module: string): boolean =>
  python !== undefined && spawnSync(python, ['-c', `import ${module}`]).status === 0;

/** Where a program's first command stands; undefined when it is not installed. */
export const programPath = (name: ProgramName): string | undefined => {
  const { commands, anyOf, pythonModule, npmFolder }: Program = PROGRAMS[name];
  if (npmFolder !== undefined) {
    const modules = join(ROOT, npmFolder, 'node_modules');
    return existsSync(modules) ? modules : undefined;
  }
  const paths = commands.map(pathOf);
  if (pythonModule !== undefined && !imports(paths[0], pythonModule)) return undefined;
  return anyOf || !paths.includes(undefined) ? paths.find((path) => path !== undefined) : undefined;
};

/** Whether all of these are installed, for `describe.runIf`. */
export const installed = (...names: readonly ProgramName[]): boolean =>
  names.every((name) => programPath(name) !== undefined);

/** Those that are not installed. */
export const missingPrograms = (): ProgramName[] =>
  // The keys of the table above.
  (Object.keys(PROGRAMS) as ProgramName[]).filter((name) => !installed(name));

/** What a run says that was made without these; empty when nothing was missing. */
export const missingNotice = (missing: readonly ProgramName[]): string => {
  if (missing.length === 0) return '';
  const width = Math.max(...missing.map((name) => name.length));
  const packages = missing.flatMap((name) => PROGRAMS[name].packages);
  const folders = missing
    .map((name): Program => PROGRAMS[name])
    .flatMap(({ npmFolder }) => npmFolder ?? []);
  return [
    'Not run, because these are not installed:',
    ...missing.map((name) => `  ${name.padEnd(width)}  ${PROGRAMS[name].runs}`),
    ...(packages.length === 0 ? [] : [`To run them too: apt-get install ${packages.join(' ')}`]),
    ...folders.map((folder) => `To run them too: npm ci --prefix ${folder}`),
    'Or the whole gate, which installs everything on Debian: bash .ci/run',
  ].join('\n');
};

// `tsx test/support/programs.ts` prints the packages, for .ci/run.
if (process.argv[1] === import.meta.filename)
  console.log(
    Object.values(PROGRAMS)
      .flatMap(({ packages }) => packages)
      .join('\n'),
  );
