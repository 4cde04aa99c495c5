// Looks at a process from outside, by what Linux tells of it in /proc.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

const statusField = (pid: number, name: string): number => {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  );
  if (line === null) throw new Error(`/proc/${pid}/status has no ${name}`);
  return Number(line[1]) * 1024;
};

/** Resident memory in bytes. */
export const rss = (pid: number): number => statusField(pid, 'VmRSS');

/** The highest resident memory in bytes since the start or the last `resetPeakRss`. */
export const peakRss = (pid: number): number => statusField(pid, 'VmHWM');

/** Forgets the highest resident memory: it is what it is now. */
export const resetPeakRss = (pid: number): void => {
  // proc(5): 5 resets the peak resident set size.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
};

const targets = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      // Closed between the two looks.
      return [];
    }
  });

/** The number of open file descriptors. */
export const fds = (pid: number): number => targets(pid).length;

/** The number of open sockets, listening and internal ones included. */
export const sockets = (pid: number): number =>
  targets(pid).filter((target) => target.startsWith('socket:')).length;

// proc(5): USER_HZ, in which Linux counts the time of programs.
const TICKS_PER_SECOND = 100;

/** CPU time in seconds, of user and system, since its start. */
export const cpuSeconds = (pid: number): number => {
  // The name, in parentheses, may hold spaces.
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
  const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) / TICKS_PER_SECOND;
};
