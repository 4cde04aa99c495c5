// A film that a browser plays, too large to be fetched whole before it is asked for a place in it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** How long it is. */
export const FILM_SECONDS = 100;

let made: Promise<Buffer> | undefined;

/** Few pictures beside 15 MB of noise, which cannot be compressed, and its index at the end; made once, by ffmpeg. */
export function film(): Promise<Buffer> {
  return (made ??= make());
}

async function make(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 's3files-film-'));
  const path = join(folder, 'film.mp4');
  const options =
    `-nostdin -y -loglevel error -f lavfi -i testsrc=size=320x240:rate=1:duration=${FILM_SECONDS} ` +
    `-f lavfi -i anoisesrc=sample_rate=48000:duration=${FILM_SECONDS} ` +
    '-c:v libx264 -preset ultrafast -g 1 -pix_fmt yuv420p -c:a flac -ac 2 -strict -2';
  await promisify(execFile)('ffmpeg', [...options.split(' '), path]);
  const bytes = await readFile(path);
  await rm(folder, { recursive: true });
  return bytes;
}
