// Content-Disposition for what is served (RFC 6266, RFC 8187).
import { create } from 'content-disposition';

// Controls, line separators and bidirectional controls: no header takes the first, and the last
// show `exe.jpg` for what is `gpj.exe`.
const UNSHOWN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const PLAIN = /^[A-Za-z0-9_.-]{1,100}$/;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const SEPARATOR = /[/\\]/;
// The package leaves a name that is a token without quotes, as RFC 6266 section 4.1 allows; clients that
// look for the quotes always find them.
const BARE_NAME = /; filename=([^";]+)/;

/**
 * The header for a file called `name`, shown in place or offered for saving. Never throws: what no
 * header can carry is left out of the name; of a path, the base name stays.
 */
export function disposition(name: string, inline: boolean): string {
  // Most names, in the package's own words.
  if (PLAIN.test(name)) return `${inline ? 'inline' : 'attachment'}; filename="${name}"`;
  const base = name.split(SEPARATOR).at(-1) ?? '';
  const shown = base.replace(UNSHOWN, '').replace(LONE_SURROGATE, '\ufffd');
  const header = create(shown === '' ? undefined : shown, {
    type: inline ? 'inline' : 'attachment',
  });
  return header.replace(BARE_NAME, '; filename="$1"');
}
