import * as v from 'valibot';
import { expect, test } from 'vitest';
import { CreateCustomerRequest, CustomerList, UpdateCustomerRequest } from './customer.ts';
import { CreatePlanRequest, PlanList, PlanQuery, UpdatePlanRequest } from './plan.ts';
import {
  CancelSubscriptionRequest,
  CreateSubscriptionRequest,
  SubscriptionList,
  SubscriptionQuery,
} from './subscription.ts';

const terms = { name: 'Pro', bytes: 10_000_000_000, price_cents: 2500, currency: 'usd', interval: 'month' };
const plan = { ...terms, id: 'pln_0123', owner: 'marvel', interval_count: 1, periods: null, threads: null };

test('a plan goes on from month to month without a limit of tunnels, unless it says otherwise', () => {
  expect(v.parse(CreatePlanRequest, terms)).toEqual({ ...terms, interval_count: 1, periods: null, threads: null });
});

test.each([
  ['a period of more than a year', CreatePlanRequest, { ...terms, interval_count: 13 }],
  ['a plan of no bytes', CreatePlanRequest, { ...terms, bytes: 0 }],
  ['a price in no currency', CreatePlanRequest, { ...terms, currency: 'USD' }],
  ['a plan of no periods', CreatePlanRequest, { ...terms, periods: 0 }],
  ['other terms for a plan that there is', UpdatePlanRequest, { bytes: 1 }],
  ['a list of somebody else’s plans', PlanQuery, { owner: 'nobody' }],
  ['a customer without a name', CreateCustomerRequest, { name: '' }],
  ['a customer with what is no id', UpdateCustomerRequest, { sub_user_id: '1' }],
  ['a subscription to nothing', CreateSubscriptionRequest, {}],
  ['an end at some time', CancelSubscriptionRequest, { at_period_end: 'tomorrow' }],
  ['a list of a status that there is not', SubscriptionQuery, { status: 'expired' }],
  ['a page of plans without a cursor', PlanList, { data: [plan] }],
  ['a page of what is no customer', CustomerList, { data: [plan], next_cursor: null }],
  ['a page of what is no subscription', SubscriptionList, { data: [plan], next_cursor: null }],
])('%s is refused', (_, schema, value) => {
  expect(v.safeParse(schema, value).success).toBe(false);
});
