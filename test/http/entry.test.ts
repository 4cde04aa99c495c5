import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonDate } from '../../src/http/entry.ts';

describe('jsonDate', () => {
  it('says what toISOString says, to the second', () => {
    const dates = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(jsonDate(date)).toBe(`${date.toISOString().slice(0, 19)}Z`);
      }),
      { numRuns: 2000 },
    );
  });
});
