// The option `direct` in its complete form.
import type { FileServiceConfig } from './options.js';
import type { DirectOptions } from './upload-options.js';
import { oneOf, switchProblem, type Check, type UnknownMember } from './value-checks.js';

/** How uploads are taken whose parts go straight to storage. */
export interface DirectSettings {
  /** Bytes of the smallest part; AWS takes none below 5 MiB, but the last. */
  readonly minPartBytes: number;
  /** How long the URL of a part lives. */
  readonly partExpiresSeconds: number;
  readonly maxAgeSeconds: number;
  /** Small files may go straight to storage by one form, where they may replace what is there. */
  readonly postsForms: boolean;
}

const CHECKS = { forms: oneOf('storage', 'service') } satisfies Record<keyof DirectOptions, Check>;

/** What is wrong with a value of the option; `unknown` makes the error for a member that there is not. */
export function directProblem(value: unknown, unknown: UnknownMember): string | undefined {
  return switchProblem(value, CHECKS, unknown);
}

/**
 * The complete form. `derived` is a secret that all instances can derive alike, where there is one.
 *
 * @throws TypeError when there is no secret that all instances share
 */
export function directOf<Req>(
  { direct = false, uploadSecret, resumable }: FileServiceConfig<Req>,
  derived: string | undefined,
): DirectSettings | undefined {
  if (direct === false) return undefined;
  const named = typeof resumable === 'object' ? resumable : undefined;
  if ((uploadSecret ?? named?.secret ?? derived) === undefined)
    throw new TypeError(
      '`direct` needs an `uploadSecret`: the credentials come from a provider, so none can be derived that all instances share.',
    );
  return {
    minPartBytes: 5 * 2 ** 20,
    partExpiresSeconds: 900,
    maxAgeSeconds: named?.maxAgeSeconds ?? 86_400,
    postsForms: typeof direct === 'object' && direct.forms === 'storage',
  };
}
