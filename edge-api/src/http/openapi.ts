import * as account from '@marvel/shared/api/account';
import * as apiKey from '@marvel/shared/api/api-key';
import * as authorizedSource from '@marvel/shared/api/authorized-source';
import * as availability from '@marvel/shared/api/availability';
import * as billing from '@marvel/shared/api/billing';
import * as customer from '@marvel/shared/api/customer';
import * as error from '@marvel/shared/api/error';
import * as key from '@marvel/shared/api/key';
import * as ledger from '@marvel/shared/api/ledger';
import * as moment from '@marvel/shared/api/moment';
import * as node from '@marvel/shared/api/node';
import * as operator from '@marvel/shared/api/operator';
import * as page from '@marvel/shared/api/page';
import * as plan from '@marvel/shared/api/plan';
import * as receipt from '@marvel/shared/api/receipt';
import * as rejection from '@marvel/shared/api/rejection';
import * as statusApi from '@marvel/shared/api/status';
import * as subUser from '@marvel/shared/api/sub-user';
import * as subscription from '@marvel/shared/api/subscription';
import * as usage from '@marvel/shared/api/usage';
import * as webhook from '@marvel/shared/api/webhook';
import { type FailureCode, failureEntry } from '@marvel/shared/failures';
import { Limits } from '@marvel/shared/limits';
import { type JsonSchema, toJsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import type { Access } from './access.ts';
import { csvColumns } from './csv-reply.ts';
import type { Endpoint } from './endpoint.ts';
import { defaultMaxBodyBytes } from './read-body.ts';
import { errorHeader } from './render-failure.ts';
import { requestIdHeader } from './reply-headers.ts';

/** The schemas that have a name of their own in the document: every one that `shared/api` exports. */
const definitions = namedSchemas(
  account,
  apiKey,
  authorizedSource,
  availability,
  billing,
  customer,
  error,
  key,
  ledger,
  moment,
  node,
  operator,
  page,
  plan,
  receipt,
  rejection,
  statusApi,
  subUser,
  subscription,
  usage,
  webhook,
  {
    Limits,
  },
);
const conversion = {
  target: 'draft-2020-12',
  errorMode: 'ignore',
  overrideRef: ({ referenceId }: { referenceId: string }) => `#/components/schemas/${referenceId}`,
} as const;

type JsonObject = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of the endpoints, made of the schemas that they validate with. */
export function openApiDocument(endpoints: readonly Endpoint[], serverUrl: string): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    const operations = (paths[endpoint.path] ??= {});
    operations[endpoint.method.toLowerCase()] = operation(endpoint);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Marvel control API',
      version: '1',
      description:
        'Every failure has the body {"error": "<message>"} and its code in the header X-Marvel-Error; /v1/errors lists them. Bytes are integers, times are RFC 3339 in UTC.',
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      schemas: toJsonSchemaDefs(definitions, conversion),
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', description: 'The token of a session, sess_...' },
        operator: { type: 'http', scheme: 'bearer', description: 'The token of the operator.' },
        gateway: { type: 'http', scheme: 'bearer', description: 'The token of a gateway, gw_...' },
      },
      headers: {
        [errorHeader]: { description: 'The code of the failure.', schema: { type: 'string' } },
        [requestIdHeader]: { description: 'Names the request, also in our log.', schema: { type: 'string' } },
        'X-RateLimit-Limit': {
          description: 'Requests that this caller may make in a minute.',
          schema: { type: 'integer' },
        },
        'X-RateLimit-Remaining': { description: 'How many of them are left.', schema: { type: 'integer' } },
        'X-RateLimit-Reset': {
          description: 'When the count starts anew, in seconds since 1970.',
          schema: { type: 'integer' },
        },
      },
    },
  };
}

/** Every code that an endpoint can answer: its own, and those that follow from how it is called. */
export function failureCodesOf(endpoint: Endpoint): readonly FailureCode[] {
  const codes = new Set<FailureCode>(endpoint.failures);
  if (endpoint.access !== 'public') codes.add('unauthenticated');
  if (endpoint.access === 'session') codes.add('forbidden');
  for (const { missing, wrong } of Object.values(endpoint.fieldFailures ?? {})) {
    codes.add(wrong);
    if (missing !== undefined) codes.add(missing);
  }
  if (endpoint.params !== undefined) codes.add('not_found');
  // A query parameter that is not known here.
  codes.add('invalid');
  if (endpoint.body !== undefined) codes.add('payload_too_large');
  if (endpoint.body !== undefined && endpoint.body !== 'bytes') {
    for (const code of ['bad_request', 'unsupported_media_type'] as const) codes.add(code);
  }
  if (endpoint.idempotent === true) codes.add('conflict');
  if (endpoint.duringMaintenance !== true) codes.add('maintenance');
  if (endpoint.access !== 'gateway') codes.add('rate_limited');
  return [...codes.add('unavailable').add('internal')];
}

function operation(endpoint: Endpoint): JsonObject {
  const { access, body, tag, summary, description } = endpoint;
  return {
    operationId: operationId(endpoint),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: access === 'public' ? [] : [{ [access]: [] }],
    parameters: [...parameters(endpoint.params, 'path'), ...parameters(endpoint.query, 'query'), ...headers(endpoint)],
    ...(body === undefined ? {} : { requestBody: requestBody(body, endpoint.maxBodyBytes ?? defaultMaxBodyBytes) }),
    responses: { ...successResponse(endpoint), ...failureResponses(endpoint) },
  };
}

/** `POST /v1/keys/{id}/rotate` is `post_keys_id_rotate`. */
function operationId({ method, path }: Endpoint): string {
  const words = path.replace(/^\/v1\//, '').split(/[^A-Za-z0-9]+/);
  return [method.toLowerCase(), ...words].filter((word) => word !== '').join('_');
}

function requestBody(body: v.GenericSchema | 'bytes', maxBytes: number): JsonObject {
  const schema = body === 'bytes' ? {} : schemaOf(body, 'input');
  return { description: `At most ${maxBytes} bytes.`, content: { 'application/json': { schema } } };
}

function successResponse({ reply, access }: Endpoint): JsonObject {
  const content =
    'body' in reply
      ? {
          content: {
            'application/json': { schema: schemaOf(reply.body, 'output') },
            ...(reply.csv === undefined ? {} : { 'text/csv': { example: csvColumns(reply.csv).join(',') } }),
          },
        }
      : 'contentType' in reply
        ? { content: { [reply.contentType]: {} } }
        : {};
  return { [reply.status]: { description: reply.description, headers: headerRefs(access), ...content } };
}

/** The headers that every reply has. */
function headerRefs(access: Access): JsonObject {
  const limits = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'];
  const names = [requestIdHeader, ...(access === 'gateway' ? [] : limits)];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** One response a status, naming the codes that it stands for. */
function failureResponses(endpoint: Endpoint): JsonObject {
  const byStatus = Map.groupBy(failureCodesOf(endpoint), (code) => failureEntry(code).api);
  const responses: Record<string, unknown> = {};
  for (const [status, codes] of byStatus) {
    if (status === null) throw new Error(`${codes.join(', ')} cannot happen at the API`);
    responses[status] = {
      description: codes.map((code) => `\`${code}\`: ${failureEntry(code).meaning}`).join('\n\n'),
      headers: {
        [errorHeader]: { schema: { type: 'string', enum: codes } },
        Link: { description: 'Where the fix is told.', schema: { type: 'string' } },
        ...headerRefs(endpoint.access),
      },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ErrorBody' } } },
    };
  }
  return responses;
}

function parameters(schema: v.GenericSchema | undefined, place: 'path' | 'query'): readonly JsonObject[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = toJsonSchema(schema, { ...conversion, typeMode: 'input' });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

function headers({ idempotent }: Endpoint): readonly JsonObject[] {
  if (idempotent !== true) return [];
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'The same key and body within 24 hours has no second effect and gets the first answer again.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    },
  ];
}

function schemaOf(schema: v.GenericSchema, typeMode: 'input' | 'output'): JsonSchema | JsonObject {
  const name = Object.entries(definitions).find(([, named]) => named === schema)?.[0];
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  const {
    $schema: _dialect,
    $defs: _definitions,
    ...own
  } = toJsonSchema(schema, { ...conversion, definitions, typeMode });
  return own;
}

function namedSchemas(...modules: readonly JsonObject[]): Record<string, v.GenericSchema> {
  const named: Record<string, v.GenericSchema> = {};
  for (const module of modules) {
    for (const [name, value] of Object.entries(module)) if (isSchema(value)) named[name] = value;
  }
  return named;
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'kind') === 'schema';
}
