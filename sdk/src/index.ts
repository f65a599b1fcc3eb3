export { Marvel, type MarvelOptions } from './client/marvel.ts';
export type { CsvPage } from './client/api.ts';
export type { CallOptions } from './client/call.ts';
export type { Clock } from './client/clock.ts';
export {
  MarvelAPIError,
  MarvelConnectionError,
  type ErrorDetails,
  type FieldIssue,
  type MarvelErrorCode,
} from './client/errors.ts';
export type { PageOf, Pages } from './client/pages.ts';
export type { RateLimit, ReplyInfo } from './client/reply-info.ts';
export { proxyUrl, type ProxyUrlOptions } from './proxy-url.ts';
export { MarvelTargetError, readTarget, writeTarget, type TargetParts } from './target.ts';
export type * from './schema-types.ts';
