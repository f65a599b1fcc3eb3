import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { plainTypesOf } from './plain-types.ts';

/** The most problems that are told of: the first is what the others come from. */
const maxProblems = 10;

/**
 * Writes the declarations of `entries` and of what they import into `outDir`.
 *
 * The types of the wire are written out, so that the package needs neither @marvel/shared nor valibot.
 * Errors: throws for types that do not check, and for a declaration that refers to what is not published.
 */
export async function writeDeclarations(room: string, entries: readonly string[], outDir: string): Promise<void> {
  const options = readOptions(room);
  const rootNames = entries.map((entry) => join(room, entry));
  const typesFile = join(room, 'src/schema-types.ts');
  const asWritten = ts.createProgram(rootNames, options);
  const source = asWritten.getSourceFile(typesFile);
  if (source === undefined) throw new Error(`${typesFile} is not imported`);
  const plain = plainTypesOf(source, asWritten.getTypeChecker());

  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, languageVersion, ...rest) =>
    name === typesFile ? ts.createSourceFile(name, plain, languageVersion, true) : read(name, languageVersion, ...rest);
  const emitted = new Map<string, string>();
  const program = ts.createProgram(rootNames, options, host);
  const { diagnostics } = program.emit(undefined, (name, text) => emitted.set(name, text), undefined, true);
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length > 0) throw new Error(ts.formatDiagnostics(problems.slice(0, maxProblems), host));
  for (const [name, text] of emitted) {
    const path = relative(join(room, 'src'), name);
    if (path.startsWith('..')) continue;
    if (/['"](?:@marvel\/shared|valibot)/.test(text)) throw new Error(`${path} refers to what is not published`);
    const file = join(outDir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text.replaceAll(/(['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2'));
  }
}

function readOptions(room: string): ts.CompilerOptions {
  const file = join(room, 'tsconfig.json');
  const { options } = ts.parseJsonSourceFileConfigFileContent(
    ts.readJsonConfigFile(file, (path) => ts.sys.readFile(path)),
    ts.sys,
    room,
  );
  // What may be left out may also be given as undefined, whatever the settings of who uses it.
  return {
    ...options,
    exactOptionalPropertyTypes: false,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: join(room, 'src'),
  };
}
