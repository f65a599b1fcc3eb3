import ts from 'typescript';

const maxDepth = 20;

const isPrimitive = (type: ts.Type) => (type.flags & ts.TypeFlags.Object) === 0;
const isBoolean = (type: ts.Type) => (type.flags & ts.TypeFlags.BooleanLiteral) !== 0;

/** Writes a type as plain TypeScript that refers to nothing: names, inference and mapped types are resolved. */
function plainType(type: ts.Type, checker: ts.TypeChecker, depth = 0): string {
  if (depth > maxDepth) throw new Error('a type refers to itself');
  const inner = (part: ts.Type) => plainType(part, checker, depth + 1);
  if (type.isUnion()) return unionOf(type, checker, inner);
  if (checker.isArrayType(type)) {
    const row = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
    if (row === undefined) throw new TypeError('an array has rows');
    return `${type.symbol.name === 'ReadonlyArray' ? 'readonly ' : ''}(${inner(row)})[]`;
  }
  // `string & {}` offers names to an editor, and is any text.
  if (type.isIntersection() && type.types.some(isPrimitive))
    return type.types.filter(isPrimitive).map(inner).join(' & ');
  if (!type.isIntersection() && isPrimitive(type)) return checker.typeToString(type);
  if (type.symbol?.name === 'Date') return 'Date';
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  if (index !== undefined) return `Readonly<Record<string, ${inner(index.type)}>>`;
  const members = checker.getPropertiesOfType(type).map((property) => {
    const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    const own = checker.getTypeOfSymbol(property);
    return `${docOf(property, checker)}  readonly ${nameOf(property)}${isOptional ? '?' : ''}: ${inner(own)};\n`;
  });
  return `{\n${members.join('')}}`;
}

/** `boolean` is a union of two to the checker, and a list of codes reads better as it was written. */
function unionOf(type: ts.UnionType, checker: ts.TypeChecker, inner: (part: ts.Type) => string): string {
  const parts = type.types.filter((part) => !isBoolean(part)).map(inner);
  const booleans = type.types.filter(isBoolean).map((part) => checker.typeToString(part));
  return [...parts, ...(booleans.length === 2 ? ['boolean'] : booleans)].join(' | ');
}

function nameOf({ name }: ts.Symbol): string {
  return /^[\w$]+$/.test(name) ? name : JSON.stringify(name);
}

function docOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll('*/', '');
  return text === '' ? '' : `  /** ${text.replaceAll('\n', ' ')} */\n`;
}

/** A file that exports the same types as `file`, each written out. */
export function plainTypesOf(file: ts.SourceFile, checker: ts.TypeChecker): string {
  const module = checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${file.fileName} exports nothing`);
  // Aliases and no interfaces: those are not taken where an index signature is wanted.
  const lines = checker.getExportsOfModule(module).map((exported) => {
    const type = plainType(checker.getDeclaredTypeOfSymbol(exported), checker);
    return `${docOf(exported, checker).trimStart()}export type ${exported.name} = ${type};\n`;
  });
  return lines.join('\n');
}
