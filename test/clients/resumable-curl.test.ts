// The lines of docs/uploads.md for curl, run: begin, a cut, the question how far it has come, and the rest from there.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../support/programs.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

const GUIDE = readFileSync(
  fileURLToPath(new URL('../../docs/uploads.md', import.meta.url)),
  'utf8',
);
const [BEGIN = '', ASK = '', SEND = ''] = (/```sh\n([^]*?)```/.exec(GUIDE)?.[1] ?? '')
  .split(/^#.*\n/m)
  .slice(1);

describe.runIf(installed('curl'))('curl', () => {
  let trial: ProgramTrial;
  const film = randomBytes(7_000_000);

  beforeAll(async () => {
    trial = await startProgramTrial({ resumable: true, partSize: 5 * 2 ** 20 });
    writeFileSync(join(trial.folder, 'a.mp4'), film);
  });
  afterAll(() => trial.close());

  const run = (line: string, variables: Readonly<Record<string, string>>): Promise<string> => {
    const set = Object.entries(variables).map(([name, value]) => `${name}='${value}'; `);
    return trial.run('sh', '-c', set.join('') + line);
  };

  it('goes on where it was cut, by the lines of the guide', async () => {
    const location = await run(BEGIN, { FILES: trial.root });
    const path = location.trim().split(' ')[1] ?? '';
    const UPLOAD = new URL(path, trial.root).href;
    // A slow start that ends before the file does.
    const slow = `curl -sS --limit-rate 4M --max-time 1 -T a.mp4 -X PATCH -H 'Content-Type: application/partial-upload' -H 'Upload-Offset: 0' -H 'Upload-Complete: ?1' "$UPLOAD"`;
    await expect(run(slow, { UPLOAD })).rejects.toThrow();
    const offset = Number((await run(ASK, { UPLOAD })).trim().split(' ')[1]);
    expect(offset).toBeGreaterThan(0);
    expect(offset).toBeLessThan(film.length);
    const rest = SEND.replace('+1048577', `+${offset + 1}`).replace('1048576', String(offset));
    expect(JSON.parse(await run(rest.replace('-T -', '-sT -'), { UPLOAD }))).toMatchObject({
      path: 'films/a.mp4',
      content_length: film.length,
    });
    expect((await trial.stored('films/a.mp4'))?.equals(film)).toBe(true);
  });

  it('upgrades an upload of the whole file by one header', async () => {
    const line = `curl -sS -D - -o answer -T a.mp4 -H 'Upload-Complete: ?1' "$FILES/whole.mp4"`;
    expect(await run(line, { FILES: trial.root })).toMatch(/^upload-complete: \?1\r?$/im);
    expect((await trial.stored('whole.mp4'))?.equals(film)).toBe(true);
  });
});
