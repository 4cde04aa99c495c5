// The option `resumable`: its checks and its complete form.
import type { FileServiceConfig } from './options.js';
import type { ResumableOptions } from './upload-options.js';
import { secrets, switchProblem, truth, whole } from './value-checks.js';
import type { Check, UnknownMember } from './value-checks.js';

/** How uploads of several requests are taken. */
export interface ResumableSettings {
  /** Bytes of the parts of an upload whose length is not known. */
  readonly partSize: number;
  readonly maxAgeSeconds: number;
  readonly interim: boolean;
  readonly maxAppendBytes: number | undefined;
  readonly maxOpenPerPrincipal: number;
}

// AWS lets a signature live for 7 days; what is older is swept.
const MAX_AGE_SECONDS = 604_800;

const CHECKS = {
  secret: secrets,
  maxAgeSeconds: whole(60, MAX_AGE_SECONDS),
  interim: truth,
  maxAppendBytes: whole(1),
  maxOpenPerPrincipal: whole(1),
} satisfies Record<keyof ResumableOptions, Check>;

/** What is wrong with a value of the option; `unknown` makes the error for a member that there is not. */
export function resumableProblem(value: unknown, unknown: UnknownMember): string | undefined {
  return switchProblem(value, CHECKS, unknown);
}

/** What the host gave; undefined where uploads are one request each. */
export function resumableOptions<Req>({
  resumable = false,
}: FileServiceConfig<Req>): ResumableOptions | undefined {
  if (resumable === false) return undefined;
  return resumable === true ? {} : resumable;
}

/**
 * The complete form. `derived` is a secret that all instances can derive alike, where there is one.
 *
 * @throws TypeError when there is no secret that all instances share
 */
export function resumableOf<Req>(
  config: FileServiceConfig<Req>,
  partSize: number,
  derived: string | undefined,
): ResumableSettings | undefined {
  const options = resumableOptions(config);
  if (options === undefined) return undefined;
  // A secret of this process would open no token of another one, nor after a restart.
  if ((config.uploadSecret ?? options.secret ?? derived) === undefined)
    throw new TypeError(
      '`resumable` needs a `secret` (or `uploadSecret`): the credentials come from a provider, so none can be derived that all instances share.',
    );
  return {
    partSize,
    maxAgeSeconds: options.maxAgeSeconds ?? 86_400,
    interim: options.interim ?? false,
    maxAppendBytes: options.maxAppendBytes,
    maxOpenPerPrincipal: options.maxOpenPerPrincipal ?? 100,
  };
}
