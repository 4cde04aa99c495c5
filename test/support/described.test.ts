// The check that every answer of the suites goes through: what it refuses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describedAnswers } from './described.ts';
import type { Answer, Question } from './exchange.ts';
import { startService, type RunningService } from './service.ts';
import { doubleStore, type Store } from './stores.ts';

const answerOf = (status: number, body: unknown, type = 'application/json'): Answer => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    status,
    headers: { 'content-type': `${type}; charset=utf-8`, 'x-request-id': 'r' },
    body: Buffer.from(text),
    text,
    json: () => JSON.parse(text) as unknown,
  };
};
const properties = {
  path: 'a.txt',
  name: 'a.txt',
  type: 'file',
  content_type: 'text/plain',
  content_length: 1,
  last_modified: '2026-02-10T14:30:00Z',
  etag: '"e"',
  metadata: {},
};
const entry = { path: 'a/', type: 'folder', name: 'a', last_modified: null };
const failure = {
  code: 404,
  context: null,
  message: 'Not Found: Gone.',
  status_code: 404,
  reason: 'not_found',
};

describe('the check of answers', () => {
  let store: Store;
  let service: RunningService;
  let check: (question: Question, answer: Answer) => void;
  const list = { path: '/' };
  const file = { path: '/a.txt' };
  const look = { path: '/a.txt?include_properties=true' };

  beforeAll(async () => {
    store = await doubleStore();
    service = await startService(store);
    check = describedAnswers(service.files, {});
  });
  afterAll(async () => {
    await service.close();
    await store.close();
  });

  it.each<readonly [string, Question, Answer]>([
    ['a listing', list, answerOf(200, { resource: [entry] })],
    ['an error', list, answerOf(404, { error: failure })],
    [
      'an error of a method that is not possible',
      { ...list, method: 'PATCH' },
      answerOf(405, { error: failure }),
    ],
    ['the properties of a file', look, answerOf(200, properties)],
    ['any JSON that is stored', file, answerOf(200, { url: 1 })],
    ['any text that is stored', file, answerOf(200, 'x', 'text/plain')],
  ])('takes %s', (_, question, answer) => {
    expect(() => check(question, answer)).not.toThrow();
  });

  it.each<readonly [string, Question, Answer, string]>([
    [
      'a field that is not described',
      list,
      answerOf(200, { resource: [{ ...entry, owner: 'a' }] }),
      'owner',
    ],
    [
      'a field of another type',
      list,
      answerOf(200, { resource: [{ ...entry, last_modified: 0 }] }),
      'last_modified',
    ],
    [
      'a date that is none',
      list,
      answerOf(200, { resource: [{ ...entry, last_modified: 'now' }] }),
      'date-time',
    ],
    ['a field that is missing', look, answerOf(200, { ...properties, name: undefined }), "'name'"],
    [
      'a reason that is not in the list',
      list,
      answerOf(404, { error: { ...failure, reason: 'odd' } }),
      'reason',
    ],
    [
      'an error of an item that is none',
      { path: '/', method: 'POST' },
      answerOf(207, { resource: [{ name: 'a', path: 'a', error: {} }] }),
      'error',
    ],
    ['a status that is not described', list, answerOf(202, { resource: [] }), 'the status'],
    ['a media type that is not described', list, answerOf(200, 'x', 'text/html'), 'text/html'],
  ])('refuses %s', (_, question, answer, why) => {
    expect(() => check(question, answer)).toThrow(why);
  });

  it('refuses a header of the description that this status has not', () => {
    const answer = answerOf(200, properties);
    const headers = { ...answer.headers, location: '/a.txt' };
    expect(() => check(look, { ...answer, headers })).toThrow('the header Location');
  });

  it('leaves alone what a host answers in front of the service', () => {
    const answer = answerOf(200, 'x', 'text/html');
    const { 'x-request-id': _, ...headers } = answer.headers;
    expect(() => check(list, { ...answer, headers })).not.toThrow();
  });
});
