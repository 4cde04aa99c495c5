// How commands travel to one storage: its endpoint is resolved once, and that decides which of them travel
// directly and which by the SDK. Nothing is tried one way first and another way after it.
import { isPromise } from '../../../core/hooks.js';
import type { StorageSettings } from '../settings.js';
import { within } from '../../../core/deadline.js';
import { lateCredentials } from './answer-error.js';
import type { CommandName, Input, Output, Send, Terms } from './commands.js';
import { endpointFinder } from './configured-endpoint.js';
import { directTo, isDirect, type DirectTerms, type SendDirect } from './direct.js';
import type { Endpoint, LiveIdentity } from './endpoint.js';
import { lazySdk } from './sdk/lazy-sdk.js';
import type { Sdk } from './sdk/sdk.js';
import type { Transport } from './transport/transport.js';
import { openTransport } from './transport/open-transport.js';

/** The connection of one storage. */
export interface Wire {
  /** Sends one command, once. Throws as the SDK does, and the signal's reason. */
  readonly send: Send;
  /** Where commands go. Throws what kept the SDK from signing. */
  readonly endpoint: () => Promise<Endpoint>;
  /** As whom commands are signed. Throws what the SDK's provider throws, or that it took too long. */
  readonly identity: () => LiveIdentity | Promise<LiveIdentity>;
  /** Signs from now on as if this machine's clock were so many milliseconds ahead. */
  readonly setClockOffset: (ms: number) => void;
  readonly clockOffsetMs: () => number;
  /** Sockets that carry a request, and requests that wait for one. */
  readonly busySockets: () => number;
  readonly waiting: () => number;
  /** Ends every call with the reason. */
  readonly close: (reason: Error) => void;
}

interface Opened {
  readonly endpoint: Endpoint;
  readonly sdk: Sdk;
  /** As whom commands are signed; asked of the SDK's provider again before it ends. */
  readonly identity: () => LiveIdentity | Promise<LiveIdentity>;
  /** null where requests are not plain SigV4, or where the host wants the SDK for all. */
  readonly direct: { readonly send: SendDirect; readonly transport: Transport } | null;
}

interface Sent<N extends CommandName> {
  readonly name: N;
  readonly input: Input<N>;
  readonly terms: Terms;
}

/** Opens nothing before the first command; the SDK is loaded then, too. */
export function wireTo(settings: StorageSettings): Wire {
  let opened: Opened | undefined;
  let opening: Promise<Opened> | undefined;
  let closed: Error | undefined;
  let clockOffsetMs = 0;

  const open = (): Promise<Opened> => {
    opening ??= openWire(settings).then(
      (wire) => {
        if (closed !== undefined) close(wire, closed);
        opened = wire;
        wire.sdk.setClockOffset(clockOffsetMs);
        return wire;
      },
      (error: unknown) => {
        // No credentials at the moment: the next command looks again.
        opening = undefined;
        throw error;
      },
    );
    return opening;
  };

  const sendAs = async <N extends CommandName>(
    wire: Opened,
    sent: Sent<N>,
    identity: LiveIdentity | Promise<LiveIdentity>,
  ): Promise<Output<N>> =>
    sendBy(wire, sent, { identity: await identity, now: Date.now() + clockOffsetMs });

  return {
    send(name, input, terms) {
      const sent = { name, input, terms };
      if (opened === undefined) return open().then((wire) => sendAs(wire, sent, wire.identity()));
      const identity = opened.identity();
      // What is known need not be waited for: every promise is a turn of the event loop, on every call.
      if (isPromise(identity)) return sendAs(opened, sent, identity);
      return sendBy(opened, sent, { identity, now: Date.now() + clockOffsetMs });
    },
    identity: () =>
      opened === undefined ? open().then((wire) => wire.identity()) : opened.identity(),
    endpoint: async () => (opened ?? (await open())).endpoint,
    setClockOffset(ms) {
      clockOffsetMs = ms;
      opened?.sdk.setClockOffset(ms);
    },
    clockOffsetMs: () => clockOffsetMs,
    busySockets: () =>
      (opened?.sdk.busySockets() ?? 0) + (opened?.direct?.transport.busySockets() ?? 0),
    waiting: () => (opened?.sdk.waiting() ?? 0) + (opened?.direct?.transport.waiting() ?? 0),
    close(reason) {
      closed = reason;
      if (opened !== undefined) close(opened, reason);
    },
  };
}

function sendBy<N extends CommandName>(
  { direct, sdk }: Opened,
  { name, input, terms: { signal, answerMs } }: Sent<N>,
  { identity, now }: Pick<DirectTerms, 'identity' | 'now'>,
): Promise<Output<N>> {
  if (direct === null || !isDirect(name)) return sdk.send(name, input, { signal, answerMs });
  return direct.send(name, input, { signal, answerMs, identity, now });
}

async function openWire(settings: StorageSettings): Promise<Opened> {
  const { requestMs } = settings.timeouts;
  // Loading is ours to wait for; what a credential provider takes is bounded.
  const find = await endpointFinder(settings, settings.endpoint);
  const endpoint = await within(find(), requestMs, lateCredentials);
  const identity = remembered(endpoint.identity);
  const opened = { endpoint, sdk: lazySdk(settings), identity: inTime(identity, requestMs) };
  if (!settings.leanCalls || !endpoint.isPlainSigV4) return { ...opened, direct: null };
  const transport = await openTransport(endpoint.origin, settings);
  return { ...opened, direct: { send: directTo(endpoint, transport), transport } };
}

// Asks for credentials no longer than so many milliseconds.
function inTime(
  ask: () => LiveIdentity | Promise<LiveIdentity>,
  ms: number,
): () => LiveIdentity | Promise<LiveIdentity> {
  return () => {
    const asked = ask();
    return isPromise(asked) ? within(asked, ms, lateCredentials) : asked;
  };
}

function close({ sdk, direct }: Opened, reason: Error): void {
  sdk.close();
  direct?.transport.close(reason);
}

// Credentials are asked for anew this long before they end, as the SDK does.
const RENEW_MS = 5 * 60_000;

// The SDK's own memory of credentials is asynchronous, which costs a turn of the event loop each time.
function remembered(ask: () => Promise<LiveIdentity>): () => LiveIdentity | Promise<LiveIdentity> {
  let known: LiveIdentity | undefined;
  return () => {
    const ends = known?.expiration?.getTime();
    if (known !== undefined && (ends === undefined || ends - Date.now() > RENEW_MS)) return known;
    return ask().then((fresh) => (known = fresh));
  };
}
