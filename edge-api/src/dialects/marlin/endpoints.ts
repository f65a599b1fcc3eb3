import { PageQuery } from '@marvel/shared/api/page';
import { Subscription } from '@marvel/shared/api/subscription';
import { err } from '@marvel/shared/result';
import { subscriptionStatuses } from '@marvel/shared/subscription-transition';
import { Id } from '@marvel/shared/units';
import * as v from 'valibot';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import { createApiKey } from '../../routes/api-keys/create-api-key.ts';
import { deleteApiKey } from '../../routes/api-keys/delete-api-key.ts';
import { listApiKeys } from '../../routes/api-keys/list-api-keys.ts';
import { createCheckout } from '../../routes/checkout/create-checkout.ts';
import { IdParams } from '../../routes/id-params.ts';
import { getInvoice } from '../../routes/invoices/get-invoice.ts';
import { listInvoices } from '../../routes/invoices/list-invoices.ts';
import { voidInvoice } from '../../routes/invoices/void-invoice.ts';
import { createPlan } from '../../routes/plans/create-plan.ts';
import { getPlan } from '../../routes/plans/get-plan.ts';
import { listPlans } from '../../routes/plans/list-plans.ts';
import { updatePlan } from '../../routes/plans/update-plan.ts';
import { cancelSubscription } from '../../routes/subscriptions/cancel-subscription.ts';
import { createSubscription } from '../../routes/subscriptions/create-subscription.ts';
import { getSubscription } from '../../routes/subscriptions/get-subscription.ts';
import { listSubscriptions } from '../../routes/subscriptions/list-subscriptions.ts';
import { pauseSubscription } from '../../routes/subscriptions/pause-subscription.ts';
import { resumeSubscription } from '../../routes/subscriptions/resume-subscription.ts';
import { stepSubscription } from '../../routes/subscriptions/step-subscription.ts';
import { findCustomer } from '../../store/customer.ts';
import { findPlan } from '../../store/plan.ts';
import { invoiceTag } from './marlin.ts';
import { namesOf, statusNamed } from './spelling.ts';

const root = '/dialects/marlin/api';
const page = { limit: PageQuery.entries.limit, cursor: PageQuery.entries.cursor };

/** The endpoint of `/v1` at Marlin's place: the same schemas, store and failures, spelled otherwise by the dialect. */
function at(
  path: string,
  of: Endpoint,
  more: Partial<Pick<Endpoint, 'query' | 'access' | 'tag' | 'handle'>> = {},
): Endpoint {
  return { ...of, path: `${root}${path}`, access: 'account', tag: 'Marlin', ...more };
}

const PlanQuery = v.strictObject({ ...page, owner: v.optional(v.picklist(['marvel', 'account'])) });

const SubscriptionQuery = v.pipe(
  v.strictObject({
    ...page,
    status: v.optional(v.picklist(namesOf(subscriptionStatuses))),
    planId: v.optional(Id),
    customerId: v.optional(Id),
  }),
  v.transform(({ status, planId: plan_id, customerId: customer_id, ...rest }) => ({
    ...rest,
    status: status === undefined ? undefined : statusNamed(subscriptionStatuses, status),
    plan_id,
    customer_id,
  })),
);

/** A plan or customer that is not there is NOT_FOUND here, and a wrong field at `/v1`. */
const begin = at('/subscriptions', createSubscription, {
  async handle(request, services) {
    const { plan_id: planId, customer_id: customerId } = v.parse(Named, request.body);
    const { accountId } = v.parse(Caller, request.identity);
    const plan = await findPlan(services.db, accountId, planId);
    if (!plan.ok) return plan;
    const customer = customerId === undefined ? undefined : await findCustomer(services.db, accountId, customerId);
    return customer?.ok === false ? customer : createSubscription.handle(request, services);
  },
});
const Named = v.object({ plan_id: v.string(), customer_id: v.optional(v.string()) });
const Caller = v.object({ accountId: v.string() });

const steps = { Paused: 'pause', Active: 'resume', Cancelled: 'cancel' } as const;

/** A change of status by its name. */
const patchSubscription = endpoint({
  method: 'PATCH',
  path: `${root}/subscriptions/{id}`,
  access: 'account',
  tag: 'Marlin',
  summary: 'Pause, resume or cancel a subscription',
  params: IdParams,
  body: v.strictObject({ status: v.picklist(['Active', 'Paused', 'Cancelled']) }),
  reply: { status: 200, description: 'The subscription as it is now.', body: Subscription },
  failures: ['conflict'],
  async handle({ params, body, identity }, services) {
    const stepped = await stepSubscription(identity.accountId, params.id, steps[body.status], services);
    if (stepped.ok || stepped.error.code !== 'conflict') return stepped;
    const { message = 'is not possible now' } = stepped.error;
    return err({ ...stepped.error, issues: [{ field: 'status', message }] });
  },
});

/** What Marlin has, as far as there is such a thing here. Where it stops: CONTRACT section 6. */
export const marlinEndpoints: readonly Endpoint[] = [
  // Nothing is void or absent yet, so these failures are none of an invoice's.
  at('/invoices', createCheckout),
  at('/invoices', listInvoices, { tag: invoiceTag }),
  at('/invoices/{id}', getInvoice, { tag: invoiceTag }),
  at('/invoices/{id}/void', voidInvoice, { tag: invoiceTag }),
  at('/plans', createPlan),
  at('/plans', listPlans, { query: PlanQuery }),
  at('/plans/{id}', getPlan),
  at('/plans/{id}', updatePlan),
  begin,
  at('/subscriptions', listSubscriptions, { query: SubscriptionQuery }),
  at('/subscriptions/{id}', getSubscription),
  patchSubscription,
  at('/subscriptions/{id}/pause', pauseSubscription),
  at('/subscriptions/{id}/resume', resumeSubscription),
  at('/subscriptions/{id}/cancel', cancelSubscription),
  at('/settings/api-keys', createApiKey, { access: 'session' }),
  at('/settings/api-keys', listApiKeys),
  at('/settings/api-keys/{id}', deleteApiKey, { access: 'session' }),
];
