// Object tags: by header of a write, and by the calls that read, replace and remove them.
import { bytesOf } from './content.ts';
import { s3Error } from './errors.ts';
import { requireBucket, xmlAnswer, type Answer, type Exchange } from './exchange.ts';
import { readXmlBody } from './payload.ts';
import { requireVersion } from './version-state.ts';
import { requireObject, type Tag } from './store.ts';
import { childText, document, parseXml, tag } from './xml.ts';

// AWS, "Categorizing your objects using tags": ten tags, keys of 128 and values of 256 characters.
const MAX_TAGS = 10;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/** The tags of an x-amz-tagging header, which is written like a query. */
export function tagsOfHeader(header: string | undefined): readonly Tag[] {
  return checked([...new URLSearchParams(header ?? '')].map(([key, value]) => ({ key, value })));
}

/** Answers GetObjectTagging. */
export function getObjectTagging(exchange: Exchange): Answer {
  const { tags } = requireVersion(
    requireBucket(exchange),
    exchange.key,
    exchange.query['versionId'],
  ).object;
  const set = tags.map(({ key, value }) => `<Tag>${tag('Key', key)}${tag('Value', value)}</Tag>`);
  return xmlAnswer(document('Tagging', `<TagSet>${set.join('')}</TagSet>`));
}

/** Answers PutObjectTagging. */
export async function putObjectTagging(exchange: Exchange): Promise<Answer> {
  const { content } = await readXmlBody(exchange);
  const root = parseXml(bytesOf(content), 'Tagging');
  const set = root.children.find(({ name }) => name === 'TagSet');
  if (set === undefined) throw s3Error('MalformedXML');
  const tags = set.children.map((element) => {
    const key = childText(element, 'Key');
    const value = childText(element, 'Value');
    if (key === undefined || value === undefined) throw s3Error('MalformedXML');
    return { key, value };
  });
  return replaceTags(exchange, checked(tags), 200);
}

/** Answers DeleteObjectTagging. */
export function deleteObjectTagging(exchange: Exchange): Answer {
  return replaceTags(exchange, [], 204);
}

function replaceTags(exchange: Exchange, tags: readonly Tag[], status: number): Answer {
  const { objects } = requireBucket(exchange);
  // Tags are no part of what Last-Modified and ETag tell.
  objects.set({ ...requireObject(requireBucket(exchange), exchange.key), tags });
  return { status };
}

function checked(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > MAX_TAGS) {
    throw s3Error('BadRequest', { message: 'Object tags cannot be greater than 10' });
  }
  for (const { key, value } of tags) {
    if (key === '' || key.length > MAX_KEY_LENGTH) {
      throw s3Error('InvalidTag', { message: 'The TagKey you have provided is invalid' });
    }
    if (value.length > MAX_VALUE_LENGTH) {
      throw s3Error('InvalidTag', { message: 'The TagValue you have provided is invalid' });
    }
  }
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw s3Error('InvalidTag', {
      message: 'Cannot provide multiple Tags with the same key',
    });
  }
  return tags;
}
