// The command line as somebody types it: what is wrong is named, with what is near.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CommandName } from '../../src/storage/s3/wire/commands.ts';
import { s3files } from './run.ts';

describe('s3files', () => {
  it.each([
    [['sreve'], '"sreve" is not a command; did you mean serve?'],
    [['nonsense'], '"nonsense" is not a command; the commands are serve, check,'],
    [['check', '--quik'], '--quik is not an option of this command; did you mean --quick?'],
    [['check', '--recursive'], '--recursive is not an option of this command'],
    [['check', '--bucket'], '--bucket takes a value: --bucket=NAME.'],
    [['check', '--quick=yes'], '--quick takes no value.'],
    [['check'], 'no bucket: give --bucket=NAME, S3_BUCKET or --dreamfactory=FILE.'],
    [['sweep', '--bucket=abc', '--older-than=soon'], '--older-than takes a whole number'],
    [['serve', '--bucket=abc', '--port=http'], '--port takes a whole number, not "http".'],
    [['policy', '--bucket=abc', '--only=all'], '--only takes policy, lifecycle, cors'],
    [['check', '--bucket=s3://abc'], '`bucket`'],
    [['check', '--dreamfactory=package.json'], 'package.json is no service definition'],
    [['check', '--dreamfactory=nowhere.json'], 'nowhere.json, named by --dreamfactory, cannot be'],
    [['check', '--bucket=abc', '--region=x', '--ca=nowhere.pem'], 'nowhere.pem, named by --ca or'],
    [
      ['check', '--bucket=abc', '--region=x', '--ca=package.json'],
      '`ca` takes certificates in PEM',
    ],
    [['share'], 'share takes one path'],
    [['share', 'a.txt', '--expire=1d'], 'did you mean --expires?'],
    [['share', 'a.txt', '--expires=soon'], '--expires takes a time such as 90m, 12h or 7d'],
    [['share', 'a/', '--bucket=abc', '--region=x'], 'sharing a folder takes a running service'],
    [['share', 'a', '--bucket=abc', '--region=x', '--max-uses=1'], 'with a password or --max-uses'],
    [['check', 'acme'], 'check takes options only, not "acme"; did you mean --bucket=acme?'],
    [['openapi', 'acme'], 'openapi takes options only, not "acme"; see s3files openapi --help'],
    [['ls', 'a/', 'b/'], 'ls takes one folder'],
    [['--bucket=acme', 'check'], 'the command comes first, and then --bucket=acme'],
    [['help', 'chek'], '"chek" is not a command; did you mean check?'],
    [['ls', '-r'], '-r is not an option of this command; did you mean --recursive?'],
    [['check', '--profile=prod'], '--profile is not an option of this command; set AWS_PROFILE'],
    [['check', '--prefix=app'], 'did you mean --container?'],
    [['share', 'a.txt', '--password=x'], 'set S3FILES_LINK_PASSWORD'],
    [['ls', '--url=files.example'], '--url takes the address of a service'],
    [['upload', 'a.txt'], 'upload takes files and then where to'],
    [['download', 'a.txt'], 'download takes paths and then where to'],
  ])('answers %j with what to write instead', async (words, message) => {
    const { code, out, err } = await s3files(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toMatch(/^s3files: [^\n]+\n$/);
  });

  it('explains itself, each command, and its version', async () => {
    const { code, out } = await s3files(['--help']);
    expect([code, out]).toEqual([0, expect.stringContaining('Usage: s3files COMMAND')]);
    const commands = [...out.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name = '']) => name);
    expect(commands).toEqual(
      expect.arrayContaining([
        'serve',
        'check',
        'sweep',
        'policy',
        'openapi',
        'ls',
        'upload',
        'download',
        'share',
      ]),
    );
    for (const name of commands) {
      const help = await s3files([name, '--help']);
      expect([name, help.code, help.out]).toEqual([
        name,
        0,
        expect.stringMatching(new RegExp(`^Usage: s3files ${name}`)),
      ]);
      for (const other of [
        ['help', name],
        [name, '-h'],
      ])
        expect((await s3files(other)).out).toBe(help.out);
      const examples = help.out.split('\nExample: ')[1]?.trim().split('\n') ?? [];
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const [, command = '', line = ''] = /s3files (\w+) ?(.*)/.exec(example) ?? [];
        expect(command).toBe(name);
        for (const [option] of line.matchAll(/--[\w-]+/g))
          expect(help.out).toContain(`  ${option}`);
      }
      for (const line of help.out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    }
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await s3files(['--version'])).out).toBe(`${version}\n`);
  });

  it('takes no secret as an option, which everybody on the machine could read', async () => {
    const { code, err } = await s3files(['check', '--bucket=abc', '--secret=x']);
    expect([code, err]).toEqual([2, expect.stringContaining('--secret is not an option')]);
  });
});

it('s3files says that half a pair of credentials is half', async () => {
  const env = { S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: '' };
  const { code, err } = await s3files(['check', '--bucket=abc', '--region=x'], { env });
  expect([code, err]).toEqual([2, expect.stringContaining('go together: one is set')]);
});

describe('s3files policy', () => {
  const policyOf = async (...words: string[]): Promise<{ Statement: Statement[] }> =>
    JSON.parse((await s3files(['policy', '--bucket=acme', '--only=policy', ...words])).out) as {
      Statement: Statement[];
    };
  interface Statement {
    readonly Action: readonly string[];
    readonly Resource: string;
  }

  it('names the calls that a service makes, on the keys of its container only', async () => {
    const { Statement } = await policyOf('--container=app');
    expect(Statement).toMatchObject([
      {
        Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
        Resource: 'arn:aws:s3:::acme',
      },
      { Resource: 'arn:aws:s3:::acme/app/*' },
    ]);
    expect(Statement[1]?.Action).toEqual(
      expect.arrayContaining(['s3:GetObject', 's3:PutObject', 's3:DeleteObject']),
    );
  });

  it('lets a read-only service write nothing', async () => {
    const { Statement } = await policyOf('--read-only', '--kms-key=arn:aws:kms:eu:1:key/a');
    expect(Statement.flatMap(({ Action }) => Action)).toEqual([
      's3:ListBucket',
      's3:GetObject',
      'kms:Decrypt',
    ]);
  });

  it('adds what versions and the trash take', async () => {
    const actionsOf = async (...words: string[]) =>
      (await policyOf(...words)).Statement.flatMap(({ Action }) => Action);
    const plain = await actionsOf();
    const added = (await actionsOf('--versions')).filter((action) => !plain.includes(action));
    expect(added).toEqual([
      's3:ListBucketVersions',
      's3:GetBucketVersioning',
      's3:GetObjectVersion',
      's3:DeleteObjectVersion',
    ]);
    expect(await actionsOf('--versions', '--read-only')).not.toContain('s3:DeleteObjectVersion');
  });

  it('has a right for each call that the service can make, with the options that make it', async () => {
    // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    const rights: Readonly<Record<CommandName, string | null>> = {
      AbortMultipartUpload: 's3:AbortMultipartUpload',
      CompleteMultipartUpload: 's3:PutObject',
      CopyObject: 's3:PutObject',
      CreateBucket: 's3:CreateBucket',
      CreateMultipartUpload: 's3:PutObject',
      DeleteObject: 's3:DeleteObject',
      DeleteObjects: 's3:DeleteObject',
      // What may not be read is not kept by copies, and says so.
      GetObjectAcl: null,
      GetObjectTagging: 's3:GetObjectTagging',
      GetObject: 's3:GetObject',
      GetBucketCors: 's3:GetBucketCORS',
      GetBucketVersioning: 's3:GetBucketVersioning',
      HeadBucket: 's3:ListBucket',
      HeadObject: 's3:GetObject',
      ListMultipartUploads: 's3:ListBucketMultipartUploads',
      ListObjectVersions: 's3:ListBucketVersions',
      ListObjectsV2: 's3:ListBucket',
      ListParts: 's3:ListMultipartUploadParts',
      // Turning it on is a change of the bucket, which `enableVersioning` asks a right for by itself.
      PutBucketVersioning: null,
      PutObject: 's3:PutObject',
      PutObjectTagging: 's3:PutObjectTagging',
      UploadPart: 's3:PutObject',
      UploadPartCopy: 's3:PutObject',
    };
    const all = ['--create-bucket', '--resumable', '--versions', '--origin=https://a.example'];
    const { Statement } = await policyOf(...all);
    const given = Statement.flatMap(({ Action }) => Action);
    const wanted = Object.values(rights).filter((right) => right !== null);
    expect(wanted.filter((right) => !given.includes(right))).toEqual([]);
    // What has a version id is a right of its own.
    const ofVersions = ['s3:DeleteObjectVersion', 's3:GetObjectVersion'];
    expect(given.filter((right) => !wanted.includes(right)).toSorted()).toEqual(ofVersions);
  });

  it('prints what AWS takes as lifecycle and CORS rules', async () => {
    const words = ['policy', '--bucket=acme', '--container=app', '--origin=https://a.example'];
    const { out } = await s3files(words);
    const expiring = (name: string) => ({
      Filter: { Prefix: `app/.s3files/${name}/` },
      Expiration: { Days: 8 },
    });
    expect(JSON.parse(out)).toMatchObject({
      lifecycle: {
        Rules: [
          {
            Filter: { Prefix: 'app/' },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
          },
          expiring('tails'),
          expiring('staged'),
          expiring('unheard'),
          {
            Filter: { Prefix: 'app/.s3files/' },
            NoncurrentVersionExpiration: { NoncurrentDays: 1 },
          },
        ],
      },
      cors: { CORSRules: [{ AllowedOrigins: ['https://a.example'] }] },
    });
  });
});

it('s3files openapi prints the document, with the address that clients use', async () => {
  const { code, out } = await s3files(['openapi', '--public-url=https://files.example/v2']);
  expect([code, JSON.parse(out)]).toMatchObject([
    0,
    { openapi: '3.1.0', servers: [{ url: 'https://files.example/v2' }] },
  ]);
});
