import { ok } from '@marvel/shared/result';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { openApiDocument } from '../../http/openapi.ts';

/** The endpoint that describes `endpoints` and itself. The document is made once in an isolate. */
export function describing(endpoints: readonly Endpoint[]): Endpoint {
  let text: string | undefined;
  const getOpenApi: Endpoint = endpoint({
    method: 'GET',
    path: '/v1/openapi.json',
    access: 'public',
    tag: 'About',
    summary: 'This API as an OpenAPI 3.1 document',
    reply: { status: 200, description: 'The document.', contentType: 'application/json' },
    failures: [],
    cacheControl: 'public, max-age=3600',
    duringMaintenance: true,
    async handle(_request, { env }) {
      text ??= JSON.stringify(openApiDocument([...endpoints, getOpenApi], env.PUBLIC_API_URL));
      return ok(text);
    },
  });
  return getOpenApi;
}
