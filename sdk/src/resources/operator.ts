import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/operator/…`, with the operator's token. */
export function operator(api: Api) {
  return {
    gateways: gateways(api),
    exits: exits(api),
    accounts: {
      /** Newest first; `email` finds one. */
      list: (query?: t.OperatorAccountQuery, options?: CallOptions) =>
        api.pages<t.OperatorAccountList>('/v1/operator/accounts', { query, options }),
      get: async (id: string, options?: CallOptions) =>
        api.json<t.OperatorAccount>('GET', '/v1/operator/accounts/{id}', { params: { id }, options }),
      /** Every movement of its bytes, newest first. */
      ledger: (id: string, query?: t.LedgerQuery, options?: CallOptions) =>
        api.pages<t.LedgerPage>('/v1/operator/accounts/{id}/ledger', { params: { id }, query, options }),
      /** Its credentials are refused and its tunnels cut; it can still read. */
      suspend: async (id: string, body: t.SetAccountStatusRequest, options?: CallOptions) =>
        api.json<t.OperatorAccount>('POST', '/v1/operator/accounts/{id}/suspend', { params: { id }, body, options }),
      unsuspend: async (id: string, body: t.SetAccountStatusRequest, options?: CallOptions) =>
        api.json<t.OperatorAccount>('POST', '/v1/operator/accounts/{id}/unsuspend', { params: { id }, body, options }),
      /** Gives bytes, or takes them when negative: an entry in the ledger. */
      adjust: async (id: string, body: t.AdjustBalanceRequest, options?: CallOptions) =>
        api.json<t.AdjustedBalance>('POST', '/v1/operator/accounts/{id}/adjust', { params: { id }, body, options }),
    },
    bundles: {
      /** Retired ones too. */
      list: (options?: CallOptions) => api.pages<t.OperatorBundleList>('/v1/operator/bundles', { options }),
      /** Takes one off sale. */
      retire: async (id: string, options?: CallOptions) =>
        api.nothing('DELETE', '/v1/operator/bundles/{id}', { params: { id }, options }),
      /** Puts a bundle on sale, or changes its terms. */
      save: async (id: string, body: t.SaveBundleRequest, options?: CallOptions) =>
        api.json<t.Bundle>('PUT', '/v1/operator/bundles/{id}', { params: { id }, body, options }),
    },
    plans: {
      /** A plan of Marvel itself. Its terms stay as they are. */
      create: async (body: t.CreatePlanRequest, options?: CallOptions) =>
        api.json<t.Plan>('POST', '/v1/operator/plans', { body, options }),
      list: (query?: t.PageQuery, options?: CallOptions) =>
        api.pages<t.PlanList>('/v1/operator/plans', { query, options }),
      update: async (id: string, body: t.UpdatePlanRequest, options?: CallOptions) =>
        api.json<t.Plan>('PATCH', '/v1/operator/plans/{id}', { params: { id }, body, options }),
    },
    fleet: {
      get: async (options?: CallOptions) => api.json<t.FleetStatus>('GET', '/v1/operator/fleet', { options }),
      set: async (body: t.SetFleetRequest, options?: CallOptions) =>
        api.json<t.FleetStatus>('PUT', '/v1/operator/fleet', { body, options }),
      /** Needed once after the database was restored: every gateway reads everything anew. */
      raiseEpoch: async (body: t.RaiseEpochRequest, options?: CallOptions) =>
        api.json<t.FleetStatus>('POST', '/v1/operator/fleet/epoch', { body, options }),
      /** Which keys sign the feed, and which gateways know them. */
      keys: async (options?: CallOptions) => api.json<t.FeedKeys>('GET', '/v1/operator/feed-keys', { options }),
      /** While it is on, the API answers 503 to all but operators and gateways. */
      setMaintenance: async (body: t.SetMaintenanceRequest, options?: CallOptions) =>
        api.json<t.FleetStatus>('PUT', '/v1/operator/maintenance', { body, options }),
    },
    /** What operators did, newest first. */
    audit: (query?: t.AuditQuery, options?: CallOptions) =>
      api.pages<t.AuditPage>('/v1/operator/audit', { query, options }),
    /** Reads the whole ledger and says what does not add up. */
    reconcile: async (options?: CallOptions) =>
      api.json<t.Reconciliation>('GET', '/v1/operator/reconcile', { options }),
    /** Compares payments and subscriptions with the payment provider. */
    reconcilePayments: async (query?: t.ReconcileProviderQuery, options?: CallOptions) =>
      api.json<t.ProviderReconciliation>('GET', '/v1/operator/reconcile/payments', { query, options }),
  };
}

function gateways(api: Api) {
  return {
    /** The token is in the reply, and nowhere after that. */
    enrol: async (body: t.EnrolGatewayRequest, options?: CallOptions) =>
      api.json<t.EnrolledGateway>('POST', '/v1/operator/gateways', { body, options }),
    list: (options?: CallOptions) => api.pages<t.OperatorGatewayList>('/v1/operator/gateways', { options }),
    revoke: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/operator/gateways/{id}', { params: { id }, options }),
  };
}

function exits(api: Api) {
  return {
    /** At most 1,000 at once; each is judged by itself, so one that is wrong does not stop the others. */
    import: async (exitLines: readonly unknown[], options?: CallOptions) =>
      api.json<t.ExitImportReport>('POST', '/v1/operator/exits', { body: { exits: exitLines }, options }),
    /** Those that were not dropped, by id. */
    list: (query?: t.PageQuery, options?: CallOptions) =>
      api.pages<t.OperatorExitList>('/v1/operator/exits', { query, options }),
    drop: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/operator/exits/{id}', { params: { id }, options }),
  };
}
