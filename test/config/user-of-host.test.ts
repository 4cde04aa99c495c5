// What the default `authenticate` makes of what a host's middleware left on the request.
import { describe, expect, it } from 'vitest';
import { userOfHost } from '../../src/config/user-of-host.ts';

const callerOf = (raw: object) => userOfHost({ raw } as never);
const plain = (raw: object) => {
  const caller = callerOf(raw);
  return caller === null ? null : { ...caller };
};

class Account {
  readonly #id = 7;
  readonly name = 'Ann';
  get id(): number {
    return this.#id;
  }
  get team(): string {
    return 'blue';
  }
}
class Member extends Account {
  get roles(): string[] {
    return ['member'];
  }
}
const OBJECT_ID = { toHexString: () => '507f1f77bcf86cd799439011' };

describe('the user of the host', () => {
  it.each<[what: string, raw: object, principal: object | null]>([
    ['an id', { user: { id: 'u', name: 'U' } }, { id: 'u', name: 'U' }],
    ['a number for an id', { user: { id: 7, roles: ['a'] } }, { id: '7', roles: ['a'] }],
    ['an id of 0', { user: { id: 0 } }, { id: '0' }],
    ['a bigint', { user: { id: 7n } }, { id: '7' }],
    ['an _id', { user: { _id: 'u' } }, { id: 'u', _id: 'u' }],
    [
      'an ObjectId',
      { user: { _id: OBJECT_ID } },
      { id: '507f1f77bcf86cd799439011', _id: OBJECT_ID },
    ],
    ['a sub', { user: { sub: 'auth0|1' } }, { id: 'auth0|1', sub: 'auth0|1' }],
    ['a text', { user: 'alice' }, { id: 'alice' }],
    ['a number', { user: 7 }, { id: '7' }],
    ['one role', { user: { id: 'u', roles: 'm' } }, { id: 'u', roles: ['m'] }],
    ['a role', { user: { id: 'u', role: 'm' } }, { id: 'u', role: 'm', roles: ['m'] }],
    ['no roles', { user: { id: 'u', roles: null } }, { id: 'u', roles: null }],
    ['getters', { user: new Account() }, { id: '7', name: 'Ann', team: 'blue' }],
    [
      'getters of a parent class',
      { user: new Member() },
      { id: '7', name: 'Ann', team: 'blue', roles: ['member'] },
    ],
    ['express-jwt', { auth: { sub: 's' } }, { id: 's', sub: 's' }],
    ['express-oauth2-jwt-bearer', { auth: { payload: { sub: 's' } } }, { id: 's', sub: 's' }],
    ['user before auth', { user: { id: 'u' }, auth: { sub: 's' } }, { id: 'u' }],
    ['nothing', {}, null],
    ['null', { user: null }, null],
    ['false, as passport says', { user: false, auth: null }, null],
    ['an empty text', { user: '' }, null],
    ['a function in auth', { auth: () => undefined }, null],
  ])('%s', (_, raw, principal) => {
    expect(plain(raw)).toEqual(principal);
  });

  it.each<[what: string, raw: object, message: RegExp]>([
    ['no id', { user: { name: 'no id' } }, /`req\.user` has the fields name; .*`id`.*`sub`/],
    ['no fields', { user: {} }, /`req\.user` has no fields; /],
    ['true', { user: true }, /`req\.user` is a boolean; /],
    ['an object for an id', { user: { id: {} } }, /`req\.user` has the fields id; /],
    ['roles as objects', { user: { id: 'u', roles: [{ name: 'm' }] } }, /roles of `req\.user`/],
    ['roles as a number', { user: { id: 'u', roles: 7 } }, /roles of `req\.user` are number/],
    ['a basic login', { auth: { user: 'a', password: 'hush' } }, /`req\.auth` has the fields user/],
  ])('that has %s is an error that says what was found', (_, raw, message) => {
    expect(() => callerOf(raw)).toThrow(message);
    expect(() => callerOf(raw)).toThrow(/give `authenticate`/);
    expect(() => callerOf(raw)).not.toThrow(/hush/);
  });

  it('has its getters read only when a rule asks', () => {
    let read = 0;
    class Lazy {
      readonly id = 'u';
      get files(): number {
        read += 1;
        return read;
      }
    }
    const caller = callerOf({ user: new Lazy() });
    expect([read, caller?.['files'], read]).toEqual([0, 1, 1]);
    expect(Object.hasOwn(caller ?? {}, 'files')).toBe(true);
  });
});
