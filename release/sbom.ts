// `npm run --silent sbom`: the bill of materials of what a consumer installs, in CycloneDX. Of the whole lockfile
// `npm sbom --omit=dev` forgets what development packages need as well, so it is shown the rest only.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  devDependencies?: object;
}
interface Lockfile {
  readonly packages: Record<string, Manifest & { dev?: boolean; devOptional?: boolean }>;
}

// Our own files.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
delete manifest.devDependencies;
for (const [path, locked] of Object.entries(lockfile.packages)) {
  if (path === '') delete locked.devDependencies;
  else if (locked.dev === true || locked.devOptional === true) delete lockfile.packages[path];
}

const temporary = mkdtempSync(join(tmpdir(), 's3files-sbom-'));
// npm calls the whole by the name of its folder.
const folder = join(temporary, 's3files');
mkdirSync(folder);
writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockfile));
const { status } = spawnSync('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'], {
  cwd: folder,
  stdio: 'inherit',
  // `npm` is a script on Windows.
  shell: process.platform === 'win32',
});
rmSync(temporary, { recursive: true });
process.exitCode = status ?? 1;
