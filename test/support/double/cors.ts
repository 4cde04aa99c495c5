// The CORS rules of a bucket: kept and told.
import { bytesOf } from './content.ts';
import { s3Error } from './errors.ts';
import { requireBucket, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { readXmlBody } from './payload.ts';
import { childText, document, parseXml, tag, type XmlElement } from './xml.ts';

// AWS, PutBucketCors: "up to 100 rules".
const MAX_RULES = 100;

const METHODS = new Set(['DELETE', 'GET', 'HEAD', 'POST', 'PUT']);

/** Answers GetBucketCors: 404 where there are no rules. */
export function getBucketCors(exchange: Exchange): Answer {
  const { corsRules } = requireBucket(exchange);
  if (corsRules === undefined) throw s3Error('NoSuchCORSConfiguration');
  return xmlAnswer(document('CORSConfiguration', corsRules.map(elementXml).join('')));
}

/** Answers PutBucketCors. */
export async function putBucketCors(exchange: Exchange): Promise<Answer> {
  const bucket = requireBucket(exchange);
  const { content } = await readXmlBody(exchange);
  const rules = parseXml(bytesOf(content), 'CORSConfiguration').children;
  if (rules.length === 0 || rules.length > MAX_RULES) throw s3Error('MalformedXML');
  for (const rule of rules) checkRule(rule);
  bucket.corsRules = rules;
  return { status: 200 };
}

/** Answers DeleteBucketCors. */
export function deleteBucketCors(exchange: Exchange): Answer {
  requireBucket(exchange).corsRules = undefined;
  return { status: 204 };
}

function checkRule(rule: XmlElement): void {
  const of = (name: string) => rule.children.filter((child) => child.name === name);
  const isWhole = of('AllowedOrigin').length > 0 && of('AllowedMethod').length > 0;
  const maxAge = childText(rule, 'MaxAgeSeconds') ?? '0';
  if (rule.name !== 'CORSRule' || !isWhole || !/^\d+$/.test(maxAge)) throw s3Error('MalformedXML');
  const unknown = of('AllowedMethod').find(({ text }) => !METHODS.has(text));
  if (unknown === undefined) return;
  throw s3Error('InvalidRequest', {
    message: `Found unsupported HTTP method in CORS config. Unsupported method is ${unknown.text}`,
  });
}

function elementXml({ name, text, children }: XmlElement): string {
  if (children.length === 0) return tag(name, text);
  return `<${name}>${children.map(elementXml).join('')}</${name}>`;
}
