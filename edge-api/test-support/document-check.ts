import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import * as v from 'valibot';

/** What was sent and what came back. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const Media = v.object({ schema: v.optional(v.looseObject({})) });
const Header = v.object({ schema: v.optional(v.object({ enum: v.optional(v.array(v.string())) })) });
const Response = v.object({
  headers: v.record(v.string(), Header),
  content: v.optional(v.record(v.string(), Media)),
});
const Operation = v.object({ responses: v.record(v.string(), Response) });
const Document = v.looseObject({ paths: v.record(v.string(), v.record(v.string(), Operation)) });

const documentId = 'openapi.json';
/** The most that is told of a body that does not fit. */
const maxShown = 5;

/**
 * Checks replies against an OpenAPI document: the status is one that the operation declares, the headers declared for it
 * are there, and the body fits its schema and has nothing beside. Gives what is wrong, `undefined` where nothing is, or
 * where the document does not tell of the operation.
 */
export function documentCheck(document: unknown): (exchange: Exchange) => string | undefined {
  const { paths } = v.parse(Document, document);
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats(ajv);
  ajv.addSchema(v.parse(v.looseObject({}), closed(document)), documentId);
  const routes = Object.entries(paths).map(([path, operations]) => ({
    path,
    operations,
    pattern: new RegExp(`^${path.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  const validators = new Map<string, ValidateFunction>();

  function validatorAt(...steps: readonly string[]): ValidateFunction {
    const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const known = validators.get(pointer);
    if (known !== undefined) return known;
    const made = ajv.compile({ $ref: `${documentId}#/${pointer}` });
    validators.set(pointer, made);
    return made;
  }

  return ({ method, path: address, status, headers, text }) => {
    const { pathname } = new URL(address, 'http://any.example');
    const route = routes.find(({ path }) => path === pathname) ?? routes.find(({ pattern }) => pattern.test(pathname));
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = route?.operations[verb];
    if (route === undefined || operation === undefined) return undefined;
    const response = operation.responses[status];
    if (response === undefined) return `status ${status} (${headers.get('X-Marvel-Error')}) is not declared`;
    for (const [name, header] of Object.entries(response.headers)) {
      const value = headers.get(name);
      if (value === null) return `${status} has no ${name}`;
      if (header.schema?.enum?.includes(value) === false) return `${status}: ${name} "${value}" is not declared`;
    }
    if (method === 'HEAD') return undefined;
    const type = headers.get('Content-Type')?.split(';')[0] ?? '';
    if (response.content === undefined) return text === '' ? undefined : `${status} has a body`;
    const media = response.content[type];
    if (media === undefined) return `${status} has the content type "${type}", which is not declared`;
    if (media.schema === undefined) return undefined;
    const validate = validatorAt('paths', route.path, verb, 'responses', String(status), 'content', type, 'schema');
    if (validate(JSON.parse(text))) return undefined;
    return `${status}: ${ajv.errorsText(validate.errors?.slice(0, maxShown), { dataVar: 'body' })}: ${text}`;
  };
}

/** The document with every object that lists its fields closed to others, so that a reply may have no field it conceals. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  const isOpen = copy['type'] === 'object' && 'properties' in copy && !('additionalProperties' in copy);
  return isOpen ? { ...copy, additionalProperties: false } : copy;
}
