// ffmpeg opens media by their URL: it jumps to the index at the end, and reads the parts that it needs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../support/programs.ts';
import { startProgramTrial, type ProgramTrial } from './run-program.ts';

describe.runIf(installed('ffmpeg'))('ffmpeg', () => {
  let trial: ProgramTrial;
  const ffmpeg = (...parameters: readonly string[]): Promise<string> =>
    trial.run('ffmpeg', '-nostdin', '-y', '-loglevel', 'error', ...parameters);

  beforeAll(async () => {
    trial = await startProgramTrial();
    const source = ['-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=5:duration=20'];
    await ffmpeg(...source, '-c:v', 'mpeg4', '-b:v', '2M', 'film.mp4');
    const body = readFileSync(join(trial.folder, 'film.mp4'));
    await trial.service.ask({ method: 'PUT', path: '/film.mp4', body });
  });
  afterAll(() => trial.close());

  it('takes one picture from the end without reading the whole', async () => {
    const before = trial.service.audit.length;
    const url = `${trial.root}/film.mp4`;
    await ffmpeg('-ss', '19', '-i', url, '-frames:v', '1', 'last.png');
    expect(readFileSync(join(trial.folder, 'last.png')).subarray(1, 4).toString()).toBe('PNG');
    const statuses = trial.service.audit.slice(before).map(({ status }) => status);
    expect(statuses).toContain(206);
  });

  it('uploads what it makes, in chunks', async () => {
    const source = ['-f', 'lavfi', '-i', 'sine=duration=1'];
    const url = `${trial.root}/tone.wav`;
    await ffmpeg(...source, '-f', 'wav', '-method', 'PUT', url);
    expect((await trial.stored('tone.wav'))?.subarray(0, 4).toString()).toBe('RIFF');
  });
});
