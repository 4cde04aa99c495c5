// The grants of an ACL, as the headers of a write give them.
import { s3Error } from './errors.ts';
import type { Grant } from './store.ts';

type Headers = Readonly<Record<string, string>>;

/** The canonical id of the one account of the double. */
export const OWNER_ID = 's3double-owner-id';

/** Only the owner may do anything: what an object has that was given no ACL. */
export const PRIVATE: readonly Grant[] = [
  { grantee: { kind: 'id', value: OWNER_ID }, permission: 'FULL_CONTROL' },
];

const GROUPS = 'http://acs.amazonaws.com/groups/global/';

const toGroup = (name: string, permission: Grant['permission']): Grant => ({
  grantee: { kind: 'uri', value: GROUPS + name },
  permission,
});

// AWS, "Canned ACL". The bucket's owner is the object's, so the last two grant nothing more.
const CANNED: Readonly<Record<string, readonly Grant[]>> = {
  private: PRIVATE,
  'public-read': [...PRIVATE, toGroup('AllUsers', 'READ')],
  'public-read-write': [...PRIVATE, toGroup('AllUsers', 'READ'), toGroup('AllUsers', 'WRITE')],
  'authenticated-read': [...PRIVATE, toGroup('AuthenticatedUsers', 'READ')],
  'bucket-owner-read': PRIVATE,
  'bucket-owner-full-control': PRIVATE,
};

const GRANT_HEADERS: Readonly<Record<string, Grant['permission']>> = {
  'x-amz-grant-full-control': 'FULL_CONTROL',
  'x-amz-grant-read': 'READ',
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
};

/** True when the headers ask for an ACL that gives others, or only others, a right. */
export function asksForAcl(headers: Headers): boolean {
  const canned = headers['x-amz-acl'];
  const isOwners = canned === undefined || canned === 'bucket-owner-full-control';
  return !isOwners || Object.keys(GRANT_HEADERS).some((name) => name in headers);
}

/** The ACL that a write gives; explicit grants are the whole of it, as on AWS. */
export function grantsOfHeaders(headers: Headers): readonly Grant[] {
  const given = Object.entries(GRANT_HEADERS).flatMap(([name, permission]) =>
    granteesOf(headers[name]).map((grantee) => ({ grantee, permission })),
  );
  const canned = headers['x-amz-acl'];
  if (canned === undefined) return given.length === 0 ? PRIVATE : given;
  if (given.length > 0) {
    throw s3Error('InvalidRequest', {
      message: 'Specifying both Canned ACLs and Header Grants is not allowed',
    });
  }
  const grants = Object.hasOwn(CANNED, canned) ? CANNED[canned] : undefined;
  if (grants === undefined) {
    throw s3Error('InvalidArgument', {
      elements: { ArgumentName: 'x-amz-acl', ArgumentValue: canned },
    });
  }
  return grants;
}

const GRANTEE = /^\s*(id|uri)="([^"]+)"\s*$/;

function granteesOf(header: string | undefined): Grant['grantee'][] {
  if (header === undefined) return [];
  return header.split(',').map((text) => {
    const [, kind, value = ''] = GRANTEE.exec(text) ?? [];
    if (kind === 'id' || kind === 'uri') return { kind, value };
    throw s3Error('InvalidArgument', { message: 'Argument format not recognized' });
  });
}
