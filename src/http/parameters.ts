// Query parameters as typed values. What is declared here is also what OpenAPI and the README list.
import { FileServiceError } from '../core/errors.js';
import { lastValue } from './request.js';
import type { FileRequest } from './request.js';

/** One query parameter: how it is read, and how it is described. */
export interface Parameter<T> {
  /** One sentence: what it does. */
  readonly sentence: string;
  /** JSON Schema of the value. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Reads the last value given; undefined when the parameter is absent. */
  readonly read: (value: string | undefined, name: string) => T;
}

/** Parameters by name. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

/** The values of a set of parameters. */
export type Values<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

const TRUE = new Set(['1', 'true', 'on', 'yes', 'y', 't']);

/** True for `1 true on yes y t` in any case; everything else that is given is false. */
export function isTrue(value: string): boolean {
  return TRUE.has(value.toLowerCase());
}

/** Whether a request has set the flag `name`: the condition of operations that a query parameter chooses. */
export function whenSet(name: string): (request: FileRequest<unknown>) => boolean {
  return ({ query }) => isTrue(lastValue(query, name) ?? '');
}

/** A boolean; unknown text is false, also where the default is true. */
export function flag(sentence: string, fallback = false): Parameter<boolean> {
  return {
    sentence,
    schema: { type: 'boolean', default: fallback },
    read: (value) => (value === undefined ? fallback : isTrue(value)),
  };
}

/** A boolean of three states: undefined when it is not given. */
export function optionalFlag(sentence: string): Parameter<boolean | undefined> {
  return {
    sentence,
    schema: { type: 'boolean' },
    read: (value) => (value === undefined ? undefined : isTrue(value)),
  };
}

/** A decimal integer; anything else is 400 with the parameter's name. */
export function integer(
  sentence: string,
  bounds: { readonly min: number; readonly max?: number },
): Parameter<number | undefined> {
  const { min, max = Number.MAX_SAFE_INTEGER } = bounds;
  return {
    sentence,
    schema: {
      type: 'integer',
      minimum: min,
      ...(bounds.max === undefined ? {} : { maximum: max }),
    },
    read: (value, name) => {
      if (value === undefined) return undefined;
      const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      const upper = bounds.max === undefined ? '' : ` to ${max}`;
      throw new FileServiceError(
        'invalid_parameter',
        `The parameter "${name}" takes a whole number from ${min}${upper}.`,
      );
    },
  };
}

/** Any text, described further by `schema`; undefined when it is not given. */
export function text(
  sentence: string,
  schema: Readonly<Record<string, unknown>> = {},
): Parameter<string | undefined> {
  return { sentence, schema: { type: 'string', ...schema }, read: (value) => value };
}

/** Comma-separated names, trimmed; undefined when not given, empty when given empty. */
export function names(sentence: string): Parameter<readonly string[] | undefined> {
  return {
    sentence,
    schema: { type: 'string' },
    read: (value) =>
      value
        ?.split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
  };
}

/** Reads every declared parameter; unknown ones are ignored. */
export function readParameters<P extends Parameters>(
  query: URLSearchParams,
  parameters: P,
): Values<P> {
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(parameters))
    values[name] = parameter.read(lastValue(query, name), name);
  // Built from the very keys of `parameters`, each by its own reader.
  return values as Values<P>;
}
