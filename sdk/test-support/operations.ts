import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

const JsonContent = v.object({
  'application/json': v.optional(v.object({ schema: v.optional(v.object({ $ref: v.optional(v.string()) })) })),
});
const Document = v.object({
  paths: v.record(
    v.string(),
    v.record(
      v.string(),
      v.object({
        security: v.array(v.record(v.string(), v.array(v.string()))),
        parameters: v.array(v.object({ name: v.string(), in: v.string() })),
        responses: v.record(v.string(), v.object({ content: v.optional(JsonContent) })),
      }),
    ),
  ),
});

/** A route of the API, as its own document tells of it. */
export interface Operation {
  /** `POST /v1/keys/{id}/rotate` */
  readonly name: string;
  readonly method: string;
  /** `session`, `operator`, `gateway`, or `public` without any. */
  readonly access: string;
  /** Whether `Idempotency-Key` is honoured. */
  readonly isIdempotent: boolean;
  /** The name of what it replies, of those that have one. */
  readonly reply: string | undefined;
  matches(method: string, path: string): boolean;
}

export function readOperations(document: unknown): readonly Operation[] {
  const { paths } = v.parse(Document, document);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([lowerCase, { security, parameters, responses }]) => {
      const method = lowerCase.toUpperCase();
      const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '[.]')}$`);
      const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
      return {
        name: `${method} ${path}`,
        method,
        access: Object.keys(security[0] ?? { public: [] })[0] ?? 'public',
        isIdempotent: parameters.some(({ name }) => name === 'Idempotency-Key'),
        reply: success?.content?.['application/json']?.schema?.$ref?.split('/').at(-1),
        matches: (asked, askedPath) => asked === method && pattern.test(askedPath),
      };
    }),
  );
}

/** The route that a request is for: one without parameters goes before one with. */
export function operationOf(operations: readonly Operation[], method: string, path: string): Operation | undefined {
  const found = operations.filter((operation) => operation.matches(method, path));
  return found.find(({ name }) => !name.includes('{')) ?? found[0];
}

/** Every schema that `shared/api` exports, by its name. */
export async function readSchemas(): Promise<ReadonlyMap<string, v.GenericSchema>> {
  const directory = fileURLToPath(new URL('.', import.meta.resolve('@marvel/shared/api/account')));
  const files = (await readdir(directory)).filter((name) => /^[a-z-]+\.ts$/.test(name));
  const schemas = new Map<string, v.GenericSchema>();
  for (const file of files) {
    const exported: unknown = await import(`${directory}${file}`);
    for (const [name, value] of Object.entries(v.parse(v.looseObject({}), exported))) {
      if (isSchema(value)) schemas.set(name, value);
    }
  }
  return schemas;
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'kind') === 'schema';
}
