import * as v from 'valibot';
import type { Access } from '../src/http/access.ts';

/** Who may call an endpoint of `/v1`. */
type ApiAccess = Exclude<Access, 'account'>;

/** What the tests read of the OpenAPI document. */
const Document = v.object({
  paths: v.record(
    v.string(),
    v.record(
      v.string(),
      v.object({
        parameters: v.array(v.object({ name: v.string(), in: v.string() })),
        security: v.array(v.record(v.string(), v.array(v.string()))),
        requestBody: v.optional(v.object({ description: v.string() })),
        responses: v.record(
          v.string(),
          v.object({
            headers: v.optional(
              v.object({ 'X-Marvel-Error': v.optional(v.object({ schema: v.object({ enum: v.array(v.string()) }) })) }),
            ),
          }),
        ),
      }),
    ),
  ),
});

/** One method of one path, as the document tells of it. */
export interface Operation {
  /** `POST /v1/keys` */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly access: ApiAccess;
  /** The names of what its query may have. */
  readonly query: readonly string[];
  /** `undefined` without a body. */
  readonly maxBodyBytes: number | undefined;
  /** Every status it says it has. */
  readonly statuses: readonly number[];
  /** The failures it says it has. */
  readonly codes: ReadonlySet<string>;
}

/** Reads the operations out of an OpenAPI document. */
export function readOperations(document: unknown): readonly Operation[] {
  const { paths } = v.parse(Document, document);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, security, requestBody, responses }]) => {
      const bound = requestBody === undefined ? undefined : /\d+/.exec(requestBody.description)?.[0];
      return {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        access: v.parse(
          v.picklist(['public', 'session', 'operator', 'gateway']),
          Object.keys(security[0] ?? { public: [] })[0],
        ),
        query: parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
        maxBodyBytes: bound === undefined ? undefined : Number(bound),
        statuses: Object.keys(responses).map(Number),
        codes: new Set(
          Object.values(responses).flatMap(({ headers }) => headers?.['X-Marvel-Error']?.schema.enum ?? []),
        ),
      };
    }),
  );
}
