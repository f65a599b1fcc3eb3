import type { Failure } from '@marvel/shared/failures';

/** What is told of a credential that would be over when it is made: each use of it would be refused, and not say why. */
export function pastEnd(field: string, expiresAt: string | null | undefined, nowMs: number): Failure | undefined {
  const isOver = typeof expiresAt === 'string' && Date.parse(expiresAt) <= nowMs;
  return isOver ? { code: 'invalid', message: `${field}: must be in the future` } : undefined;
}
