// What is under way while a service closes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InFlight } from '../../src/server/in-flight.ts';

describe('InFlight', () => {
  it('holds what was added and not removed', () => {
    const steps = fc.array(fc.oneof(fc.constant('add'), fc.nat({ max: 20 })), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (script) => {
        const inFlight = new InFlight<number>();
        const slots = new Map<number, number>();
        for (const [one, step] of script.entries()) {
          if (step === 'add') slots.set(one, inFlight.add(one));
          else {
            const [removed] = [...slots.keys()].slice(Number(step) % Math.max(1, slots.size));
            if (removed === undefined) continue;
            inFlight.remove(slots.get(removed) ?? -1);
            slots.delete(removed);
          }
          expect(inFlight.size).toBe(slots.size);
        }
        const all = inFlight.all().sort((left, right) => left - right);
        expect(all).toEqual([...slots.keys()]);
      }),
    );
  });
  it('says when the last one is gone, at once when nothing is there', async () => {
    const inFlight = new InFlight<string>();
    await inFlight.empty();
    const slots = [inFlight.add('a'), inFlight.add('b')];
    const seen: string[] = [];
    const empty = inFlight.empty().then(() => seen.push('empty'));
    for (const slot of slots) {
      seen.push(`removing ${slot}`);
      inFlight.remove(slot);
      await Promise.resolve();
    }
    await empty;
    expect(seen).toEqual(['removing 0', 'removing 1', 'empty']);
  });
});
