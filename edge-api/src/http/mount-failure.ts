import { type Failure, type MountName, mountStatus } from '@marvel/shared/failures';
import { errorHeader, helpLink } from './render-failure.ts';

/** The status of a failure at a mount. Errors: throws for one that the catalogue does not give it, which is a bug. */
export function mountStatusOf(mount: MountName, { code }: Failure): number {
  const status = mountStatus(mount, code);
  if (status === null) throw new Error(`${code} has no status at ${mount}`);
  return status;
}

/** The headers of a failure at a mount: those it was given, the code, and when to come again. */
export function failureHeaders(failure: Failure, given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers({ ...given, [errorHeader]: failure.code, 'Cache-Control': 'no-store' });
  headers.set('Link', helpLink(failure.code));
  if (failure.retryAfterS !== undefined) headers.set('Retry-After', String(failure.retryAfterS));
  return headers;
}
