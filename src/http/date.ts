// Dates as HTTP writes and reads them (RFC 9110 section 5.6.7).

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(${MONTHS.join('|')})`;
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';
const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';

// RFC 9110 section 5.6.7: all three forms, case-sensitive.
const IMF_FIXDATE = new RegExp(`^${SHORT_DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${SHORT_DAY} ${MONTH} (\\d\\d| \\d) ${TIME} (\\d{4})$`);

/** A date in IMF-fixdate form, to the second: `Tue, 10 Feb 2026 15:45:00 GMT`. */
export function httpDate(date: Date): string {
  return date.toUTCString();
}

/** Reads one date in any of HTTP's three forms; null when it is not exactly one valid date. */
export function parseHttpDate(value: string): Date | null {
  const text = value.trim();
  // No form is longer; a long header is not worth three expressions.
  if (text.length > 40) return null;
  const [, day, month, year, ...time] = IMF_FIXDATE.exec(text) ?? [];
  if (day !== undefined) return dateOf(Number(year), month, day, time);
  const [, day850, month850, year850, ...time850] = RFC_850.exec(text) ?? [];
  if (day850 !== undefined) return dateOf(fullYear(Number(year850)), month850, day850, time850);
  const [, ascMonth, ascDay, hours, minutes, seconds, ascYear] = ASCTIME.exec(text) ?? [];
  if (ascDay === undefined) return null;
  return dateOf(Number(ascYear), ascMonth, ascDay, [hours, minutes, seconds]);
}

// RFC 9110 section 5.6.7: a two-digit year that seems more than 50 years ahead is in the past.
function fullYear(twoDigits: number): number {
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + twoDigits;
  return year > now + 50 ? year - 100 : year;
}

function dateOf(
  year: number,
  month: string | undefined,
  day: string,
  time: readonly (string | undefined)[],
): Date | null {
  const [hours = NaN, minutes = NaN, seconds = NaN] = time.map(Number);
  // 60 is a leap second.
  if (hours > 23 || minutes > 59 || seconds > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, MONTHS.indexOf(month ?? ''), Number(day));
  if (date.getUTCDate() !== Number(day)) return null;
  date.setUTCHours(hours, minutes, seconds);
  return date;
}
