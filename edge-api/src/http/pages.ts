/** The files of `build/site`, as the platform serves them, `_headers` included. */
export interface SiteFiles {
  fetch(url: string): Promise<Response>;
}

/** Paths of programs, whose callers are told of every mistake in their own form. */
const programPaths = /^\/(?:v1|dialects)(?:\/|$)/;
/** Pages that are files; one that is none does not exist. */
const filePages = /^\/docs(?:\/|$)/;

function isOpenedInBrowser({ method, headers }: Request): boolean {
  return (method === 'GET' || method === 'HEAD') && headers.get('Accept')?.includes('text/html') === true;
}

/**
 * The dashboard, for a browser that opens one of its pages: they are all made by the same file, which looks at the path
 * itself. `undefined` for every other request.
 */
export async function servePage(request: Request, files: SiteFiles | undefined): Promise<Response | undefined> {
  const { pathname, origin } = new URL(request.url);
  if (files === undefined || programPaths.test(pathname) || !isOpenedInBrowser(request)) return undefined;
  const page = await files.fetch(`${origin}/`);
  const { headers, body } = page;
  const status = filePages.test(pathname) ? 404 : page.status;
  return new Response(request.method === 'HEAD' ? null : body, { status, headers });
}
