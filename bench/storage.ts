// The storage stand-in: its objects, its canned listings, and the nginx that serves them.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, utimes, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeCertificate } from '../test/support/certificate.ts';

const HERE = import.meta.dirname;
const KIB = 1024;
const KEYS_PER_PAGE = 1000;
const MODIFIED = new Date('2026-02-09T10:15:00Z');

/** The objects that every contestant serves, and their bytes. */
export const OBJECTS = {
  '1k.bin': KIB,
  '64k.bin': 64 * KIB,
  '1m.bin': KIB * KIB,
  '64m.bin': 64 * KIB * KIB,
} as const;

/** The folders that can be listed, and how many files each holds; only those of `zip-1000` exist. */
export const FOLDERS = { 'list-10': 10, 'list-1000': 1000, 'list-25000': 25_000, 'zip-1000': 1000 };

/** A running stand-in. */
export interface Storage {
  readonly url: string;
  /** The same over TLS. */
  readonly secureUrl: string;
  /** File with the certificate to trust there. */
  readonly authority: string;
  /** TLS handshakes so far, and how many of them resumed a session. */
  handshakes(): Promise<Handshakes>;
  readonly bucket: string;
  /** Where the bucket's objects lie as plain files. */
  readonly files: string;
}

/** TLS handshakes. */
export interface Handshakes {
  readonly full: number;
  readonly resumed: number;
}

/**
 * Fills a folder in memory where there is one, starts nginx on it and waits until it listens. Both go
 * when the process does, however it ends but by SIGKILL.
 */
export async function startStorage(work: string): Promise<Storage> {
  const data = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 's3files-'));
  const files = path.join(data, 'objects', 'bench');
  await fill(data, files);
  const [port, securePort] = [await freePort(), await freePort()];
  const authority = path.join(work, 'certificate.pem');
  const { cert, key } = makeCertificate(['localhost', '127.0.0.1']);
  await writeFile(authority, cert);
  await writeFile(path.join(work, 'key.pem'), key);
  const template = await readFile(path.join(HERE, 'nginx', 'nginx.conf.in'), 'utf8');
  const config = path.join(work, 'nginx.conf');
  const values: Record<string, string> = {
    WORK: work,
    DATA: data,
    PORT: String(port),
    TLSPORT: String(securePort),
    USER: process.getuid?.() === 0 ? 'user root;' : '',
  };
  await writeFile(
    config,
    template.replaceAll(/@([A-Z]+)@/g, (_, name: string) => values[name] ?? ''),
  );
  await promisify(execFile)('nginx', ['-c', config, '-p', work, '-t']);
  const nginx = spawn('nginx', ['-c', config, '-p', work, '-g', 'daemon off;'], {
    stdio: 'ignore',
  });
  process.once('exit', () => {
    nginx.kill('SIGTERM');
    rmSync(data, { recursive: true, force: true });
  });
  await listening(port);
  return {
    url: `http://127.0.0.1:${port}`,
    secureUrl: `https://127.0.0.1:${securePort}`,
    authority,
    handshakes: async () => {
      const log = await readFile(path.join(work, 'handshakes.log'), 'latin1');
      const resumed = log.split('r\n').length - 1;
      return { resumed, full: log.split('\n').length - 1 - resumed };
    },
    bucket: 'bench',
    files,
  };
}

async function fill(data: string, files: string): Promise<void> {
  for (const folder of ['tmp', 'objects/bench/up', 'objects/bench/zip-1000', 'lists/root'])
    await mkdir(path.join(data, folder), { recursive: true });
  for (const [name, bytes] of Object.entries(OBJECTS))
    await writeObject(path.join(files, name), bytes);
  for (const key of keysOf('zip-1000')) await writeObject(path.join(files, key), KIB);
  for (const folder of Object.keys(FOLDERS)) await writeListing(data, folder);
  const root = Object.entries(OBJECTS).map(([key, bytes]) => entry(key, bytes));
  const folders = Object.keys(FOLDERS).map(
    (folder) => `<CommonPrefixes><Prefix>${folder}/</Prefix></CommonPrefixes>`,
  );
  await writeFile(path.join(data, 'lists/root/1.xml'), page('', root, folders));
  await mkdir(path.join(data, 'lists/parts'));
  await writeFile(path.join(data, 'lists/parts/1.xml'), listedParts(8, 8 * KIB * KIB));
}

// Text, because unstorage's server gives back no other bytes; a letter first, so that it takes it for no number.
const textOf = (bytes: number): string =>
  `x${randomBytes(Math.ceil(bytes / 2)).toString('hex')}`.slice(0, bytes);

async function writeListing(data: string, folder: string): Promise<void> {
  const keys = keysOf(folder);
  await mkdir(path.join(data, 'lists', folder), { recursive: true });
  for (let from = 0, number = 1; from < keys.length; from += KEYS_PER_PAGE, number += 1) {
    const entries = keys.slice(from, from + KEYS_PER_PAGE).map((key) => entry(key, KIB));
    const next = from + KEYS_PER_PAGE < keys.length ? `page-${number + 1}` : undefined;
    await writeFile(
      path.join(data, 'lists', folder, `${number}.xml`),
      page(`${folder}/`, entries, [], next),
    );
  }
}

function keysOf(folder: string): string[] {
  const count = FOLDERS[folder as keyof typeof FOLDERS];
  return Array.from(
    { length: count },
    (_, index) => `${folder}/report-${String(index).padStart(5, '0')}.pdf`,
  );
}

const entry = (key: string, bytes: number): string =>
  `<Contents><Key>${key}</Key><LastModified>${MODIFIED.toISOString()}</LastModified>` +
  `<ETag>&quot;${etagOf(bytes)}&quot;</ETag><Size>${bytes}</Size>` +
  `<StorageClass>STANDARD</StorageClass></Contents>`;

// What nginx makes of a static file: a listing must tell the ETag that a read of the file then has.
const etagOf = (bytes: number): string =>
  `${(MODIFIED.getTime() / 1000).toString(16)}-${bytes.toString(16)}`;

async function writeObject(file: string, bytes: number): Promise<void> {
  await writeFile(file, textOf(bytes));
  await utimes(file, MODIFIED, MODIFIED);
}

function page(prefix: string, entries: string[], folders: string[], next?: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bench</Name>' +
    `<Prefix>${prefix}</Prefix><KeyCount>${entries.length + folders.length}</KeyCount>` +
    `<MaxKeys>${KEYS_PER_PAGE}</MaxKeys><IsTruncated>${next !== undefined}</IsTruncated>` +
    (next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`) +
    `${entries.join('')}${folders.join('')}</ListBucketResult>`
  );
}

const listedParts = (count: number, bytes: number): string => {
  const part = (number: number): string =>
    `<Part><PartNumber>${number}</PartNumber><ETag>"${'0'.repeat(32)}"</ETag><Size>${bytes}</Size></Part>`;
  const parts = Array.from({ length: count }, (_, index) => part(index + 1)).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListPartsResult><IsTruncated>false</IsTruncated>${parts}</ListPartsResult>`;
};

/** A port that nothing listens on, for programs that cannot choose one and tell it. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until a port takes connections, ten seconds at most. */
export async function listening(port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await accepts(port))) {
    if (Date.now() > deadline) throw new Error(`Nothing listens on port ${port}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
