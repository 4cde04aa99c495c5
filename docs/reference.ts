// The parts of the guides that the code itself makes: every option, and every operation with its parameters.
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { OPERATIONS } from '../src/operations/index.ts';
import type { Operation } from '../src/operations/operation.ts';

/** An interface of options: what stands before their names, and where its documentation is. */
type Documented = readonly [before: string, file: string, name: string];

/** Options that are objects. */
const MEMBERS: readonly Documented[] = [
  ['cors.', 'config/options.ts', 'CorsOptions'],
  ['timeouts.', 'config/options.ts', 'Timeouts'],
  ['quota.', 'config/options.ts', 'QuotaOptions'],
  ['resumable.', 'config/upload-options.ts', 'ResumableOptions'],
  ['direct.', 'config/upload-options.ts', 'DirectOptions'],
  ['offload.', 'config/offload.ts', 'OffloadOptions'],
];

/** Options of hooks that are ready to use. */
const READY_MADE: readonly Documented[] = [
  ['apiKeys ', 'policies/api-keys.ts', 'ApiKeysOptions'],
  ['roles ', 'policies/roles.ts', 'RolesOptions'],
  ['rateLimit ', 'policies/rate-limit.ts', 'RateLimitOptions'],
  ['webhook ', 'policies/webhook/webhook.ts', 'WebhookOptions'],
  ['auditLog ', 'policies/audit-log.ts', 'AuditLogOptions'],
  ['auditBatches ', 'policies/instances/audit-batches.ts', 'AuditBatchesOptions'],
  ['memoryCache ', 'policies/memory-cache.ts', 'MemoryCacheOptions'],
  ['tieredCache ', 'policies/instances/tiered-cache.ts', 'TieredCacheOptions'],
];

/** Rows of the table of options: name, type, default and meaning, as their documentation says. */
export function optionTable(): string {
  return tableOf([['', 'config/options.ts', 'FileServiceConfig']]);
}

/** The same of options that are objects. */
export function memberTable(): string {
  return tableOf(MEMBERS);
}

/** The same of hooks that are ready to use. */
export function readyMadeTable(): string {
  return tableOf(READY_MADE);
}

function tableOf(documented: readonly Documented[]): string {
  const rows = documented.flatMap(([before, file, name]) =>
    propertiesOf(file, name).map((member) => rowOf(before, member)),
  );
  return ['option | type | default | meaning', '--- | --- | --- | ---', ...rows]
    .map((row) => `| ${row} |`)
    .join('\n');
}

function propertiesOf(file: string, name: string): readonly ts.PropertySignature[] {
  const text = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (found === undefined || !ts.isInterfaceDeclaration(found))
    throw new Error(`src/${file} has no ${name}`);
  return found.members.filter(ts.isPropertySignature);
}

function rowOf(before: string, member: ts.PropertySignature): string {
  const type = member.type?.getText() ?? '';
  const value = defaultOf(member);
  const isRequired = member.questionToken === undefined && value === '';
  const name = member.name.getText();
  return [
    before.endsWith(' ') ? `\`${before.trim()}\` \`${name}\`` : `\`${before}${name}\``,
    code(type.replaceAll(/\s+/g, ' ')),
    isRequired ? '**required**' : valueOf(value),
    cell(meaningOf(member)),
  ].join(' | ');
}

/** One section an operation: what asks for it, its parameters and headers, its answers. */
export function operationSections(): string {
  return OPERATIONS.map(sectionOf).join('\n\n');
}

function sectionOf({ name, sentence, methods, targets, body, query, headers, replies }: Operation) {
  const parameters = [
    ...Object.entries(query).map(([key, { sentence: says }]) => `- \`?${key}\`: ${says}`),
    ...Object.entries(headers).map(([key, { sentence: says }]) => `- \`${key}:\` ${says}`),
  ];
  const answers = Object.entries(replies).map(
    ([status, { sentence: says }]) => `- **${status}**: ${says}`,
  );
  const where = targets.map((target) => `\`${PLACES[target]}\``).join(', ');
  const types =
    body.length === 0 ? [] : [`Body: ${body.map(({ media }) => `\`${media}\``).join(', ')}.`];
  return [
    `### \`${name}\``,
    `${methods.join(', ')} ${where}. ${sentence} ${types.join('')}`.trim(),
    ...(parameters.length === 0 ? [] : [parameters.join('\n')]),
    answers.join('\n'),
  ].join('\n\n');
}

/** How a target is written in the guides. */
export const PLACES = {
  root: '/',
  folder: '/folder/',
  file: '/file',
  spec: '/_spec',
  upload: '/_uploads/token',
  direct: '/_uploads/s3/…',
  link: '/_links/token',
} as const satisfies Readonly<Record<Operation['targets'][number], string>>;

function meaningOf(member: ts.PropertySignature): string {
  return (
    ts
      .getJSDocCommentsAndTags(member)
      .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '')
      .join(' ')
      // A list cannot stand in a cell.
      .replaceAll(/\n+- /g, '; ')
      .replaceAll(/\{@link (\w+)\}/g, '`$1`')
  );
}

function defaultOf(member: ts.PropertySignature): string {
  const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
  return ts.getTextOfJSDocComment(tag?.comment)?.trim() ?? '';
}

// Some defaults are values, some are sentences with values in them.
function valueOf(text: string): string {
  return text.includes('`') || / \w+ /.test(text) ? cell(text) : code(text);
}

function code(text: string): string {
  return text === '' ? '' : `\`${cell(text)}\``;
}

// A bar would end the cell.
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}
