// What pages of other origins may read of a bucket, by its CORS rules.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import { S3Error } from './errors.ts';
import type { Service } from './exchange.ts';
import type { Target } from './target.ts';
import { childText, type XmlElement } from './xml.ts';

type Headers = Readonly<Record<string, string>>;

/** A request of a page. */
export interface PageRequest {
  readonly method: string;
  readonly target: Target;
  readonly headers: Headers;
}

/** Answers a preflight, which carries no signature: 403 where no rule allows what it asks for. */
export function answerPreflight(service: Service, { target, headers }: PageRequest): Answer {
  const method = headers['access-control-request-method'] ?? '';
  const names = (headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const rule = rulesOf(service, target).find(
    (each) =>
      isAllowed(each, headers['origin'] ?? '', method) &&
      names.every((name) => textsOf(each, 'AllowedHeader').some((text) => matches(text, name))),
  );
  if (rule === undefined)
    throw new S3Error('AccessForbidden', 403, 'CORSResponse: This CORS request is not allowed.');
  const maxAge = childText(rule, 'MaxAgeSeconds');
  return {
    status: 200,
    headers: {
      ...headersOf(rule, headers['origin'] ?? ''),
      ...(names.length === 0 ? {} : { 'access-control-allow-headers': names.join(', ') }),
      ...(maxAge === undefined ? {} : { 'access-control-max-age': maxAge }),
    },
  };
}

/** Lets a page read the answer, a refusal too, where a rule of the bucket does. */
export function allowPage(service: Service, request: PageRequest, res: ServerResponse): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const rule = rulesOf(service, request.target).find((each) =>
    isAllowed(each, origin, request.method),
  );
  if (rule === undefined) return;
  for (const [name, value] of Object.entries(headersOf(rule, origin))) res.setHeader(name, value);
}

function rulesOf({ buckets }: Service, { bucket }: Target): readonly XmlElement[] {
  return buckets.get(bucket)?.corsRules ?? [];
}

function isAllowed(rule: XmlElement, origin: string, method: string): boolean {
  return (
    textsOf(rule, 'AllowedOrigin').some((text) => matches(text, origin)) &&
    textsOf(rule, 'AllowedMethod').includes(method)
  );
}

function headersOf(rule: XmlElement, origin: string): Headers {
  const isForAll = textsOf(rule, 'AllowedOrigin').includes('*');
  const exposed = textsOf(rule, 'ExposeHeader');
  return {
    'access-control-allow-origin': isForAll ? '*' : origin,
    ...(isForAll ? {} : { 'access-control-allow-credentials': 'true' }),
    'access-control-allow-methods': textsOf(rule, 'AllowedMethod').join(', '),
    ...(exposed.length === 0 ? {} : { 'access-control-expose-headers': exposed.join(', ') }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

function textsOf({ children }: XmlElement, name: string): readonly string[] {
  return children.filter((child) => child.name === name).map(({ text }) => text);
}

/** One `*` stands for any text. */
function matches(pattern: string, text: string): boolean {
  const [start = '', end] = pattern.toLowerCase().split('*', 2);
  const given = text.toLowerCase();
  if (end === undefined) return given === start;
  return (
    given.length >= start.length + end.length && given.startsWith(start) && given.endsWith(end)
  );
}
