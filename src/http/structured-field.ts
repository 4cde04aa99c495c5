// Items of structured fields (RFC 9651): booleans and integers, as the headers of resumable uploads have them.

// Section 3.1.2: parameters may follow, and none of them means anything here.
const BOOLEAN = /^ *\?([01])(?:;.*)?$/;
const INTEGER = /^ *(\d{1,15})(?:;.*)?$/;

/** A boolean item; undefined for anything else, which counts as no header at all. */
export function booleanItem(value: string | undefined): boolean | undefined {
  const bit = BOOLEAN.exec(value ?? '')?.[1];
  return bit === undefined ? undefined : bit === '1';
}

/** An integer that is not negative; undefined for anything else, which counts as no header at all. */
export function integerItem(value: string | undefined): number | undefined {
  const digits = INTEGER.exec(value ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
