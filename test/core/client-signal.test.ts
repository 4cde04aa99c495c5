// The signal that a client has gone: cheap, and the same as an AbortSignal where one is needed.
import { describe, expect, it } from 'vitest';
import { ClientAbort, abortSignalOf } from '../../src/core/client-signal.ts';

describe('ClientAbort', () => {
  it('tells each listener once, with the first reason', () => {
    const departure = new ClientAbort();
    const heard: unknown[] = [];
    departure.addEventListener('abort', () => heard.push(departure.reason));
    departure.addEventListener('abort', () => heard.push('second'));
    departure.abort('first');
    departure.abort('again');
    expect([heard, departure.aborted, departure.reason]).toEqual([
      ['first', 'second'],
      true,
      'first',
    ]);
  });

  it('does not tell whoever has gone', () => {
    const departure = new ClientAbort();
    const heard: string[] = [];
    const listener = (): void => void heard.push('gone');
    departure.addEventListener('abort', listener);
    departure.addEventListener('abort', () => heard.push('there'));
    departure.removeEventListener('abort', listener);
    departure.abort();
    expect(heard).toEqual(['there']);
    expect(departure.reason).toMatchObject({ name: 'AbortError' });
  });

  it('lets listeners come and go while it is told', () => {
    const departure = new ClientAbort();
    const heard: string[] = [];
    const late = (): void => void heard.push('late');
    departure.addEventListener('abort', () => departure.removeEventListener('abort', late));
    departure.addEventListener('abort', late);
    departure.abort();
    expect(heard).toEqual(['late']);
  });

  it.each(['before', 'after'])('has an AbortSignal that was asked for %s it', (when) => {
    const departure = new ClientAbort();
    if (when === 'before') expect(abortSignalOf(departure).aborted).toBe(false);
    departure.abort('reason');
    const signal = abortSignalOf(departure);
    expect([signal.aborted, signal.reason]).toEqual([true, 'reason']);
    expect(abortSignalOf(departure)).toBe(signal);
  });

  it('takes an AbortSignal for what it is, and nothing else', () => {
    const { signal } = new AbortController();
    expect(abortSignalOf(signal)).toBe(signal);
    const stranger = {
      aborted: false,
      reason: undefined,
      addEventListener() {},
      removeEventListener() {},
    };
    expect(() => abortSignalOf(stranger)).toThrow(TypeError);
  });
});
