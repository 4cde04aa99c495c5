// A .cpuprofile added up: self time by function and by the file or package that it stands in.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A name and its part of the time that was not idle. */
export interface Share {
  readonly name: string;
  readonly share: number;
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** Reads a profile; source maps beside the profiled files give the names of the sources. */
export async function selfTimes(
  file: string,
): Promise<{ readonly functions: readonly Share[]; readonly places: readonly Share[] }> {
  const profile = JSON.parse(await readFile(file, 'utf8')) as Profile;
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const maps = await sourceMaps(new Set([...frames.values()].map(({ url }) => url)));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  for (const [index, id] of profile.samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') continue;
    const time = profile.timeDeltas[index] ?? 0;
    const place = placeOf(frame, maps.get(frame.url));
    add(places, place.file, time);
    add(functions, `${frame.functionName || '(anonymous)'}  ${place.file}${place.line}`, time);
  }
  return { functions: shares(functions), places: shares(places) };
}

function placeOf(
  frame: CallFrame,
  map: SourceMap | undefined,
): { readonly file: string; readonly line: string } {
  const { url, lineNumber, columnNumber } = frame;
  if (url === '') return { file: frame.functionName, line: '' };
  const entry = map?.findEntry(lineNumber, columnNumber);
  if (entry !== undefined && 'originalSource' in entry) {
    const file = entry.originalSource.replace(/^(?:\.\.\/)+/, '').replace(/^.*\/(?=src\/)/, '');
    return { file, line: `:${entry.originalLine + 1}` };
  }
  const inPackage = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  return { file: inPackage ?? url, line: `:${lineNumber + 1}` };
}

async function sourceMaps(urls: ReadonlySet<string>): Promise<Map<string, SourceMap>> {
  const maps = new Map<string, SourceMap>();
  for (const url of urls) {
    if (!url.startsWith('file:') || url.includes('/node_modules/')) continue;
    const file = `${fileURLToPath(url)}.map`;
    if (!existsSync(path.resolve(file))) continue;
    const payload = JSON.parse(await readFile(file, 'utf8')) as SourceMapPayload;
    maps.set(url, new SourceMap(payload));
  }
  return maps;
}

function add(sums: Map<string, number>, name: string, time: number): void {
  sums.set(name, (sums.get(name) ?? 0) + time);
}

function shares(sums: ReadonlyMap<string, number>): Share[] {
  const total = [...sums.values()].reduce((sum, time) => sum + time, 0);
  return [...sums]
    .map(([name, time]) => ({ name, share: time / total }))
    .toSorted((a, b) => b.share - a.share);
}
