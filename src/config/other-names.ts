// What the SDK, its environment and other libraries call our options, and options that none of ours is near.
import { nearestName } from '../core/suggestion.js';
import type { FileServiceConfig } from './options.js';

/** In lower case, without `_` and `-`; by the option that each means. */
const OTHER_NAMES: Readonly<Partial<Record<keyof FileServiceConfig, readonly string[]>>> = {
  key: ['accesskeyid', 'accesskey', 'awsaccesskeyid', 'awsaccesskey', 'keyid'],
  secret: ['secretaccesskey', 'secretkey', 'awssecretaccesskey', 'awssecretkey', 'accesssecret'],
  sessionToken: ['awssessiontoken', 'securitytoken', 'token'],
  credentials: ['credentialprovider', 'credentialdefaultprovider', 'awscredentials', 'identity'],
  bucket: ['bucketname', 's3bucket', 's3bucketname', 'awsbucket', 'awss3bucket'],
  region: ['regionname', 'awsregion', 'awsdefaultregion', 'defaultregion', 's3region'],
  endpoint: [
    'endpointurl',
    'baseendpoint',
    's3endpoint',
    'awsendpointurl',
    'awsendpointurls3',
    'bucketendpoint',
    's3bucketendpoint',
    'useaccelerateendpoint',
    'usessl',
    'sslenabled',
    'tls',
  ],
  usePathStyleEndpoint: [
    'forcepathstyle',
    's3forcepathstyle',
    'pathstyle',
    'pathstyleaccess',
    'addressingstyle',
    'virtualhosted',
  ],
  container: [
    'prefix',
    'keyprefix',
    'pathprefix',
    's3prefix',
    'folder',
    'directory',
    'root',
    'rootpath',
    'rootfolder',
    'basepath',
    'path',
  ],
  publicUrl: ['baseurl', 'url', 'siteurl', 'mountpath'],
  serverSideEncryption: ['sse', 'ssealgorithm', 'encryption'],
  kmsKeyId: ['ssekmskeyid', 'kmskey', 'kmskeyarn'],
  maxUploadBytes: ['maxfilesize', 'maxfilebytes', 'maxsize', 'maxuploadsize', 'filesizelimit'],
  allowedTypes: ['allowedmimetypes', 'allowedfiletypes', 'mimetypes'],
  timeouts: ['timeout', 'requesttimeout', 'connectiontimeout', 'sockettimeout'],
  authenticate: ['auth', 'getuser', 'currentuser'],
  authorize: ['authorise', 'authorization', 'permissions', 'accesscontrol', 'policy'],
  limit: ['ratelimit', 'ratelimiter', 'limiter', 'throttle'],
  audit: ['logger', 'log', 'onaudit', 'auditlog'],
};

const MEANT = new Map(
  Object.entries(OTHER_NAMES).flatMap(([option, names]) => names.map((name) => [name, option])),
);

/** The error of a name that is no option: it names the option that was meant, where one can be told. */
export function unknownOption(name: string, known: readonly string[]): TypeError {
  const plain = name.toLowerCase().replaceAll(/[-_]/g, '');
  const meant = known.find((option) => option.toLowerCase() === plain) ?? MEANT.get(plain);
  const isOurs = meant !== undefined && known.includes(meant);
  const nearest = isOurs ? meant : nearestName(name, known);
  const hint = nearest === undefined ? '.' : `; did you mean \`${nearest}\`?`;
  return new TypeError(`\`${name}\` is not an option${hint}`);
}
