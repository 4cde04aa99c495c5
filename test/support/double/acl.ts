// ACLs of objects, and the ownership of a bucket that turns them off.
import { bytesOf } from './content.ts';
import { s3Error } from './errors.ts';
import { requireBucket, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { grantsOfHeaders, OWNER_ID } from './grants.ts';
import { readXmlBody } from './payload.ts';
import { judgeAcl } from './bucket-rules.ts';
import { requireVersion } from './version-state.ts';
import { isOwnership, requireObject, type Grant } from './store.ts';
import { childText, document, parseXml, tag } from './xml.ts';

/** Answers GetObjectAcl. */
export function getObjectAcl(exchange: Exchange): Answer {
  const { grants } = requireVersion(
    requireBucket(exchange),
    exchange.key,
    exchange.query['versionId'],
  ).object;
  const owner = `<Owner>${tag('ID', OWNER_ID)}</Owner>`;
  const list = `<AccessControlList>${grants.map(grantXml).join('')}</AccessControlList>`;
  return xmlAnswer(document('AccessControlPolicy', owner + list));
}

/** Answers PutObjectAcl, by its headers; an ACL in a body is not implemented. */
export function putObjectAcl(exchange: Exchange): Answer {
  const bucket = requireBucket(exchange);
  const object = requireObject(bucket, exchange.key);
  if (Number(exchange.headers['content-length'] ?? 0) > 0) throw s3Error('NotImplemented');
  judgeAcl(exchange.headers, bucket);
  bucket.objects.set({ ...object, grants: grantsOfHeaders(exchange.headers) });
  return { status: 200 };
}

/** Answers GetBucketOwnershipControls: 404 where none were set. */
export function getOwnershipControls(exchange: Exchange): Answer {
  const { ownership } = requireBucket(exchange);
  if (ownership === undefined) throw s3Error('OwnershipControlsNotFoundError');
  const rule = `<Rule>${tag('ObjectOwnership', ownership)}</Rule>`;
  return xmlAnswer(document('OwnershipControls', rule));
}

/** Answers PutBucketOwnershipControls. */
export async function putOwnershipControls(exchange: Exchange): Promise<Answer> {
  const bucket = requireBucket(exchange);
  const { content } = await readXmlBody(exchange);
  const rule = parseXml(bytesOf(content), 'OwnershipControls').children[0];
  const ownership = rule === undefined ? undefined : childText(rule, 'ObjectOwnership');
  if (!isOwnership(ownership)) throw s3Error('MalformedXML');
  bucket.ownership = ownership;
  return { status: 200 };
}

/** Answers DeleteBucketOwnershipControls. */
export function deleteOwnershipControls(exchange: Exchange): Answer {
  requireBucket(exchange).ownership = undefined;
  return { status: 204 };
}

function grantXml({ grantee, permission }: Grant): string {
  const [type, inner] =
    grantee.kind === 'uri'
      ? ['Group', tag('URI', grantee.value)]
      : ['CanonicalUser', tag('ID', grantee.value)];
  const instance = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
  const element = `<Grantee ${instance} xsi:type="${type}">${inner}</Grantee>`;
  return `<Grant>${element}${tag('Permission', permission)}</Grant>`;
}
