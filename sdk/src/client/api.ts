import type { Answer, CallSpec, Method, Send } from './call.ts';
import { MarvelConnectionError } from './errors.ts';
import { Pages, type PageOf } from './pages.ts';

/** How the resources speak to the API: a reply is what the route's schema says, or the call rejects. */
export interface Api {
  readonly send: Send;
  json<Reply>(method: Method, path: string, spec?: CallSpec): Promise<Reply>;
  /** For replies without a body. */
  nothing(method: Method, path: string, spec?: CallSpec): Promise<void>;
  pages<Page extends PageOf<unknown>>(path: string, spec?: CallSpec): Pages<Page>;
  /** One page as CSV. */
  csv(path: string, spec?: CallSpec): Promise<CsvPage>;
}

/** A page of a list as CSV, with a line of column names. */
export interface CsvPage {
  readonly csv: string;
  /** The `cursor` of the page after it; `null` on the last page. */
  readonly nextCursor: string | null;
}

export function createApi(send: Send): Api {
  async function json<Reply>(method: Method, path: string, spec?: CallSpec): Promise<Reply> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of the route made it; a client that is older than the API takes what is new
    return parseJson(await send(method, path, spec)) as Reply;
  }
  return {
    send,
    json,
    async nothing(method, path, spec) {
      await send(method, path, spec);
    },
    pages: <Page extends PageOf<unknown>>(path: string, spec: CallSpec = {}) =>
      new Pages<Page>(async (cursor) =>
        json<Page>('GET', path, cursor === undefined ? spec : { ...spec, query: { ...spec.query, cursor } }),
      ),
    async csv(path, spec) {
      const { body, info } = await send('GET', path, { ...spec, headers: { Accept: 'text/csv' } });
      return { csv: new TextDecoder().decode(body), nextCursor: nextCursorOf(info.headers.get('Link')) };
    },
  };
}

function parseJson({ body }: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new MarvelConnectionError('reply_unreadable', 'the reply is not JSON', { cause: error });
  }
}

/** Source: RFC 8288. */
function nextCursorOf(link: string | null): string | null {
  const target = /<([^>]*)>; rel="next"/.exec(link ?? '')?.[1];
  return target === undefined ? null : new URL(target, 'http://any').searchParams.get('cursor');
}
