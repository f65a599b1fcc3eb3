import { Id } from '@marvel/shared/units';
import * as v from 'valibot';

/** The path parameters of a route for one thing; text that cannot be an id is the id of nothing. */
export const IdParams = v.object({ id: Id });
