import { CountryAvailability } from '@marvel/shared/api/availability';
import { GivenCountry } from '@marvel/shared/api/node';
import { Count, Timestamp } from '@marvel/shared/units';
import { err, ok } from '@marvel/shared/result';
import * as v from 'valibot';
import { toAvailability } from '../../domain/availability.ts';
import { marvelNetwork } from '../../domain/hold-exit.ts';
import { endpoint } from '../../http/endpoint.ts';
import { readAvailability } from '../../store/exit.ts';

export const getAvailability = endpoint({
  method: 'GET',
  path: '/dialects/mashvisor/v1.1/client/availability',
  access: 'account',
  tag: 'Mashvisor',
  summary: 'Live capacity, of all countries or of one',
  query: v.object({ country: v.optional(GivenCountry) }),
  reply: {
    status: 200,
    description: 'What a dial finds at this moment.',
    body: v.strictObject({ observed_at: Timestamp, count: Count, results: v.array(CountryAvailability) }),
  },
  failures: ['no_capacity'],
  async handle({ query: { country } }, { db, nowMs }) {
    const read = await readAvailability(db, {
      network: marvelNetwork,
      ...(country === undefined ? {} : { country }),
    });
    if (!read.ok) return read;
    if (country !== undefined && read.value.length === 0) return err({ code: 'no_capacity' });
    const results = read.value.map(toAvailability);
    return ok({ observed_at: new Date(nowMs).toISOString(), count: results.length, results });
  },
});
