import { newId } from './id.ts';
import type { Cause, EventObjects, EventType, StripeEvent } from './objects.ts';

/** The version whose shapes the stand-in writes: the one that `stripe` 23.1 pins. */
export const apiVersion = '2026-10-28.endive';

/** What happened, with the object as it is now. */
export interface Happening<T extends EventType = EventType> {
  readonly type: T;
  readonly object: EventObjects[T];
  /** The former values of what changed. */
  readonly previous?: object;
}

/** Makes the event of a happening; it keeps its own copy of the object. */
export function createEvent(happening: Happening, cause: Cause, nowSeconds: number): StripeEvent {
  const { type, object, previous } = happening;
  return {
    id: newId('evt'),
    object: 'event',
    api_version: apiVersion,
    created: nowSeconds,
    data: structuredClone({ object, ...(previous === undefined ? {} : { previous_attributes: previous }) }),
    livemode: false,
    pending_webhooks: 1,
    request: cause,
    type,
  };
}
