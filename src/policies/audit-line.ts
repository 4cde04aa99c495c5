// One audit event as one line of JSON that no reader, terminal or log shipper can be fooled by.
import type { Access, AuditEvent } from '../core/hooks.js';

/** A field of an audit event. */
export type AuditField = keyof AuditEvent;

/** Every field, in the order in which a line has them. */
export const AUDIT_FIELDS = [
  'time',
  'id',
  'service',
  'operation',
  'verb',
  'path',
  'access',
  'principal',
  'ip',
  'status',
  'reason',
  'bytesIn',
  'bytesOut',
  'complete',
  'durationMs',
  'storageCalls',
] as const satisfies readonly AuditField[];

// Reliability case 165: a line, its newline included, is at most 4 KiB.
const MAX_LINE_BYTES = 4096;

/** How much of an event is kept. */
interface Room {
  /** Bytes of one string, as escaped. */
  readonly text: number;
  /** Entries of one list. */
  readonly items: number;
}

// Tried in turn until a line fits; the last always does.
const ROOMS: readonly Room[] = [
  { text: 2048, items: 100 },
  { text: 512, items: 12 },
  { text: 150, items: 3 },
];

// What JSON.stringify lets through: DEL and C1, the two line ends of ECMAScript, and the marks that
// reverse or hide text in a terminal.
const UNSAFE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const escapeUnsafe = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const stringify = (value: unknown): string => JSON.stringify(value).replace(UNSAFE, escapeUnsafe);

// A refused raw path may still hold a query; credentials have no place in a log.
const SECRET =
  /([?&](?:api_key|session_token|x-amz-signature|x-amz-credential|x-amz-security-token)=)[^&]*/gi;

/** Cuts texts and lists to the room there is, and remembers whether it had to. */
const shortener = (room: Room) => {
  let cut = false;
  const text = (given: string): string => {
    // No text that fits is longer than its bytes, so the rest of a huge one is never looked at.
    const whole = given.slice(0, room.text + 1).replace(SECRET, '$1***');
    const fits = given.length <= room.text && Buffer.byteLength(stringify(whole)) - 2 <= room.text;
    if (fits) return whole;
    cut = true;
    let kept = '';
    let bytes = 3;
    for (const character of whole) {
      bytes += Buffer.byteLength(stringify(character)) - 2;
      if (bytes > room.text) break;
      kept += character;
    }
    return `${kept}...`;
  };
  const list = <T, U>(given: readonly T[], one: (item: T) => U): U[] => {
    if (given.length > room.items) cut = true;
    return given.slice(0, room.items).map(one);
  };
  return { text, list, wasCut: () => cut };
};

type Shortener = ReturnType<typeof shortener>;

const shortAccess = ({ action, path, verb, operation }: Access, { text }: Shortener) => ({
  action,
  path: text(path),
  verb: text(verb),
  operation: text(operation),
});

// Only what is named here is written: a principal may carry tokens that the host put there.
const shortPrincipal = (principal: AuditEvent['principal'], { text, list }: Shortener) =>
  principal && {
    id: text(principal.id),
    ...(principal.roles && { roles: list(principal.roles, text) }),
  };

const shortField = (event: AuditEvent, field: AuditField, short: Shortener): unknown => {
  if (field === 'access') return short.list(event.access, (access) => shortAccess(access, short));
  if (field === 'principal') return shortPrincipal(event.principal, short);
  const value = event[field];
  return typeof value === 'string' ? short.text(value) : value;
};

const lineIn = (room: Room, event: AuditEvent, fields: readonly AuditField[]): string => {
  const short = shortener(room);
  const record: Record<string, unknown> = {};
  for (const field of fields) record[field] = shortField(event, field, short);
  if (short.wasCut()) record['truncated'] = true;
  return `${stringify(record)}\n`;
};

/** The line of an event, newline included; `"truncated":true` is added when something was cut. */
export function auditLine(event: AuditEvent, fields: readonly AuditField[]): string {
  let line = '';
  for (const room of ROOMS) {
    line = lineIn(room, event, fields);
    if (Buffer.byteLength(line) <= MAX_LINE_BYTES) break;
  }
  return line;
}
