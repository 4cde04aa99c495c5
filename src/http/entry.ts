// How a file or folder looks in JSON. Key order is part of the contract.

/** A folder in a listing. */
export interface FolderEntry {
  readonly path: string;
  readonly type: 'folder';
  readonly name: string;
  readonly last_modified: string | null;
  readonly addressable?: false;
}

/** A file in a listing. */
export interface FileEntry {
  readonly path: string;
  readonly type: 'file';
  readonly name: string;
  readonly content_type: string;
  readonly content_length: number;
  readonly last_modified: string | null;
  readonly etag?: string;
  readonly addressable?: false;
}

const DAY_SECONDS = 86_400;
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
let lastDay = Number.NaN;
let lastDayText = '';

/** A date in JSON: UTC, whole seconds, `Z`; null when unknown. */
export function jsonDate(date: Date | null): string | null {
  if (date === null) return null;
  // Ten times as fast as toISOString: a listing has a thousand dates, of few days.
  const seconds = Math.floor(date.getTime() / 1000);
  const day = Math.floor(seconds / DAY_SECONDS);
  if (day !== lastDay) {
    lastDayText = new Date(day * DAY_SECONDS * 1000).toISOString().replace(/T.*/, '');
    lastDay = day;
  }
  const time = seconds - day * DAY_SECONDS;
  const [hours, minutes] = [Math.floor(time / 3600), Math.floor(time / 60) % 60];
  return `${lastDayText}T${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes]}:${TWO_DIGITS[time % 60]}Z`;
}

/** What a successful upload answers. */
export interface StoredFile {
  readonly name: string;
  readonly path: string;
  readonly content_type: string;
  readonly content_length: number;
  readonly type: 'file';
  readonly etag?: string;
  /** What the host's `onUploaded` answered. */
  readonly data?: unknown;
}
