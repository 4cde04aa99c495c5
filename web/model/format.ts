// Numbers, sizes, dates and durations as people of a locale write them: Intl and nothing else.

/** Values as texts. */
export interface Format {
  readonly locale: string;
  readonly number: (value: number) => string;
  readonly size: (bytes: number) => string;
  /** Bytes exactly, with their unit. */
  readonly bytes: (bytes: number) => string;
  readonly percent: (share: number) => string;
  /** A date as short as it can be read: "yesterday", "12 Mar", "12 Mar 2024". */
  readonly date: (iso: string | null) => string;
  /** A date with its time. */
  readonly dateTime: (iso: string | null) => string;
  readonly duration: (seconds: number) => string;
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;
const DAY_MS = 86_400_000;

/** Formats of a locale; `now` is asked at each use. */
export function formatFor(locale: string, now: () => number = Date.now): Format {
  const number = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, { style: 'percent' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const year = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
  // To make one takes as long as to write a hundred numbers.
  const units = new Map<string, Intl.NumberFormat>();
  const unit = (value: number, name: string, digits = 0) => {
    const key = `${name} ${digits}`;
    let format = units.get(key);
    if (format === undefined) {
      format = new Intl.NumberFormat(locale, {
        style: 'unit',
        unit: name,
        unitDisplay: name === 'byte' ? 'long' : 'short',
        maximumFractionDigits: digits,
      });
      units.set(key, format);
    }
    return format.format(value);
  };

  return {
    locale,
    number: (value) => number.format(value),
    size: (bytes) => {
      let value = bytes;
      let index = 0;
      while (value >= 999.5 && index < UNITS.length - 1) {
        value /= 1000;
        index += 1;
      }
      // Words for bytes alone would be wider than any other size.
      if (index === 0) return `${number.format(value)} B`;
      return unit(value, UNITS[index] ?? 'byte', index > 1 && value < 100 ? 1 : 0);
    },
    bytes: (bytes) => unit(bytes, 'byte'),
    percent: (share) => percent.format(Math.floor(share * 100) / 100),
    date: (iso) => {
      if (iso === null) return '';
      const date = new Date(iso);
      const days = daysBetween(date, new Date(now()));
      if (days === 0) return time.format(date);
      if (days === -1) return relative.format(-1, 'day');
      const isThisYear = date.getFullYear() === new Date(now()).getFullYear();
      return (isThisYear ? day : year).format(date);
    },
    dateTime: (iso) => (iso === null ? '–' : full.format(new Date(iso))),
    duration: (seconds) => {
      if (seconds < 60) return unit(Math.max(1, Math.round(seconds)), 'second');
      if (seconds < 3600) return unit(Math.round(seconds / 60), 'minute');
      return unit(Math.round(seconds / 360) / 10, 'hour', 1);
    },
  };
}

// Calendar days, not spans of 24 hours: 23:59 of yesterday is yesterday at 00:01.
function daysBetween(date: Date, today: Date): number {
  const midnight = (value: Date) =>
    Date.UTC(value.getFullYear(), value.getMonth(), value.getDate());
  return (midnight(date) - midnight(today)) / DAY_MS;
}
