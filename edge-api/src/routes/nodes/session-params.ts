import { GivenSession } from '@marvel/shared/api/node';
import * as v from 'valibot';

/** The path parameters of a route for one node; text that cannot be a session is no node's. */
export const SessionParams = v.object({ session: GivenSession });
