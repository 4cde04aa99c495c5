// Every value that the package exports has an example in its documentation, and the examples compile.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INDEX = join(ROOT, 'src/index.ts');
const HERE = dirname(fileURLToPath(import.meta.url));

const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);

interface Exported {
  readonly name: string;
  readonly isValue: boolean;
  readonly examples: readonly string[];
}

const exportsOf = (program: ts.Program): readonly Exported[] => {
  const checker = program.getTypeChecker();
  const index = program.getSourceFile(INDEX);
  const symbol = index && checker.getSymbolAtLocation(index);
  if (symbol === undefined) throw new Error('src/index.ts is no module');
  return checker.getExportsOfModule(symbol).map((exported) => {
    const target = checker.getAliasedSymbol(exported);
    return {
      name: exported.name,
      isValue: (target.flags & ts.SymbolFlags.Value) !== 0,
      examples: target
        .getJsDocTags(checker)
        .filter((tag) => tag.name === 'example')
        .map(({ text }) => ts.displayPartsToString(text)),
    };
  });
};

/** What the compiler says of modules that exist in memory only. */
const diagnose = (modules: ReadonlyMap<string, string>, old: ts.Program): readonly string[] => {
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.readFile = (name) => modules.get(name) ?? readFile(name);
  host.getSourceFile = (name, language, ...rest) => {
    const text = modules.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, language);
    return old.getSourceFile(name) ?? getSourceFile(name, language, ...rest);
  };
  const program = ts.createProgram([...modules.keys()], options, host);
  return [...modules.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
};

describe('the documentation of the package', () => {
  const program = ts.createProgram([INDEX], options);
  const exported = exportsOf(program);

  it.each(exported.filter(({ isValue }) => isValue))('has an example of $name', ({ examples }) => {
    expect(examples).not.toEqual([]);
  });

  it('has examples that compile', () => {
    const names = (isValue: boolean): string =>
      exported.flatMap((one) => (one.isValue === isValue ? [one.name] : [])).join(', ');
    const imports = `import { ${names(true)} } from '../../src/index.ts';\nimport type { ${names(false)} } from '../../src/index.ts';\n`;
    const modules = new Map(
      exported.flatMap(({ name, examples }) =>
        examples.map((example, index) => [
          join(HERE, `example-${name}-${index}.ts`),
          imports + example,
        ]),
      ),
    );
    expect(modules.size).toBeGreaterThan(20);
    expect(diagnose(modules, program)).toEqual([]);
    const wrong = new Map([
      [join(HERE, 'example-wrong.ts'), `${imports}memoryCache({ maxByte: 1 });`],
    ]);
    expect(diagnose(wrong, program)).toHaveLength(1);
  }, 120_000);
});
