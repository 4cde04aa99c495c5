// How large the house may be: what one folder holds, what one file holds, what one function holds.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SRC = join(ROOT, 'src');

// A dozen for the service; `cli/` is a host of it and stands beside them, as architecture section 2 has it.
const MAX_AT_THE_TOP = 13;
const MAX_FILES_OF_A_FOLDER = 20;
const MAX_LINES_OF_A_FILE = 300;
const MAX_LINES_OF_A_FUNCTION = 60;

const folders = [
  SRC,
  ...readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name)),
];
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(folder, entry.name));
const named = (path: string): string => relative(ROOT, path).replaceAll('\\', '/');

interface LongFunction {
  readonly name: string;
  readonly lines: number;
}

/** Functions of a source text over the limit that have no comment above them which says `60 lines`. */
const longFunctions = (path: string, text: string): LongFunction[] => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: LongFunction[] = [];
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const lines = lineOf(node.getEnd()) - lineOf(node.getStart()) + 1;
      if (lines > MAX_LINES_OF_A_FUNCTION && !hasReason(text, node))
        found.push({ name: `${path}:${lineOf(node.getStart()) + 1}`, lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

/** Whether the statement of a function, or the function itself, has a comment `Over 60 lines: …` above it. */
const hasReason = (text: string, node: ts.Node): boolean => {
  for (let at: ts.Node = node; !ts.isSourceFile(at) && !ts.isBlock(at); at = at.parent) {
    const comments = ts.getLeadingCommentRanges(text, at.getFullStart()) ?? [];
    if (comments.some(({ pos, end }) => /Over 60 lines: \S/.test(text.slice(pos, end))))
      return true;
  }
  return false;
};

describe('the sizes of src/', () => {
  it(`has at most ${MAX_AT_THE_TOP} entries at the top`, () => {
    expect(readdirSync(SRC).length).toBeLessThanOrEqual(MAX_AT_THE_TOP);
  });

  it(`has at most ${MAX_FILES_OF_A_FOLDER} files in a folder`, () => {
    const crowded = folders.filter((folder) => filesOf(folder).length > MAX_FILES_OF_A_FOLDER);
    expect(crowded.map(named)).toEqual([]);
  });

  it(`has at most ${MAX_LINES_OF_A_FILE} lines in a file`, () => {
    const long = folders
      .flatMap(filesOf)
      .map((file) => [named(file), readFileSync(file, 'utf8').split('\n').length - 1] as const)
      .filter(([, lines]) => lines > MAX_LINES_OF_A_FILE);
    expect(long).toEqual([]);
  });

  it(`has at most ${MAX_LINES_OF_A_FUNCTION} lines in a function, or a comment above it that says why`, () => {
    const long = folders
      .flatMap(filesOf)
      .flatMap((file) => longFunctions(named(file), readFileSync(file, 'utf8')));
    expect(long).toEqual([]);
  });
});

describe('the measure of functions', () => {
  const body = '  void 0;\n'.repeat(59);

  it.each([
    ['a function', `function long() {\n${body}}`],
    ['an arrow function', `const long = () => {\n${body}};`],
    ['a method', `const o = { long() {\n${body}} };`],
    ['a function in a function', `const outer = () => 1;\nconst inner = [() => {\n${body}}];`],
  ])('finds %s of 61 lines', (_, text) => {
    expect(longFunctions('a.ts', text).map(({ lines }) => lines)).toEqual([61]);
  });

  it('takes one of 60 lines', () => {
    expect(longFunctions('a.ts', `function f() {\n${body.slice(10)}}`)).toEqual([]);
  });

  it('takes a long one with a reason above it, not one with another comment', () => {
    const long = `export const f = () => {\n${body}};`;
    expect(longFunctions('a.ts', `// Over 60 lines: one case a status.\n${long}`)).toEqual([]);
    expect(longFunctions('a.ts', `/** Over 60 lines: one case a status. */\n${long}`)).toEqual([]);
    expect(longFunctions('a.ts', `// Reads a file.\n${long}`)).toHaveLength(1);
    expect(longFunctions('a.ts', `// Over 60 lines:\n${long}`)).toHaveLength(1);
  });
});
