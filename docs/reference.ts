// The parts of the guides that the code itself makes: every option, and every operation with its parameters.
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { OPERATIONS } from '../src/operations/index.ts';
import type { Operation } from '../src/operations/operation.ts';

const OPTIONS = new URL('../src/config/options.ts', import.meta.url);

/** Rows of the table of options: name, type, default and meaning, as their documentation says. */
export function optionTable(): string {
  const source = ts.createSourceFile(
    'options.ts',
    readFileSync(OPTIONS, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const config = source.statements.find(
    (statement) =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === 'FileServiceConfig',
  );
  if (config === undefined || !ts.isInterfaceDeclaration(config))
    throw new Error('src/config/options.ts has no FileServiceConfig');
  const rows = config.members.filter(ts.isPropertySignature).map((member) => {
    const type = member.type?.getText() ?? '';
    const isRequired = member.questionToken === undefined;
    return [
      `\`${member.name.getText()}\``,
      code(type.replaceAll(/\s+/g, ' ')),
      isRequired ? '**required**' : valueOf(defaultOf(member)),
      cell(meaningOf(member)),
    ].join(' | ');
  });
  return ['option | type | default | meaning', '--- | --- | --- | ---', ...rows]
    .map((row) => `| ${row} |`)
    .join('\n');
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
  return ts
    .getJSDocCommentsAndTags(member)
    .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '')
    .join(' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`');
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
