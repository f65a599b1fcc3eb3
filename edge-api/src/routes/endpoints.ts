import type { Endpoint } from '../http/endpoint.ts';
import { createAccount } from './accounts/create-account.ts';
import { createApiKey } from './api-keys/create-api-key.ts';
import { deleteApiKey } from './api-keys/delete-api-key.ts';
import { listApiKeys } from './api-keys/list-api-keys.ts';
import { createAuthorizedSource } from './authorized-sources/create-authorized-source.ts';
import { deleteAuthorizedSource } from './authorized-sources/delete-authorized-source.ts';
import { listAuthorizedSources } from './authorized-sources/list-authorized-sources.ts';
import { getAvailability } from './availability/get-availability.ts';
import { getCountryAvailability } from './availability/get-country-availability.ts';
import { listBundles } from './bundles/list-bundles.ts';
import { createCheckout } from './checkout/create-checkout.ts';
import { createCustomer } from './customers/create-customer.ts';
import { deleteCustomer } from './customers/delete-customer.ts';
import { getCustomer } from './customers/get-customer.ts';
import { listCustomers } from './customers/list-customers.ts';
import { updateCustomer } from './customers/update-customer.ts';
import { listErrors } from './errors/list-errors.ts';
import { getFeed } from './gateway/get-feed.ts';
import { postUsage } from './gateway/post-usage.ts';
import { getInvoice } from './invoices/get-invoice.ts';
import { listInvoices } from './invoices/list-invoices.ts';
import { voidInvoice } from './invoices/void-invoice.ts';
import { createKey } from './keys/create-key.ts';
import { deleteKey } from './keys/delete-key.ts';
import { listKeys } from './keys/list-keys.ts';
import { rotateKey } from './keys/rotate-key.ts';
import { updateKey } from './keys/update-key.ts';
import { getLedger } from './ledger/get-ledger.ts';
import { getMe } from './me/get-me.ts';
import { updateMe } from './me/update-me.ts';
import { createNode } from './nodes/create-node.ts';
import { deleteNode } from './nodes/delete-node.ts';
import { listNodes } from './nodes/list-nodes.ts';
import { rotateNode } from './nodes/rotate-node.ts';
import { adjustBalance } from './operator/adjust-balance.ts';
import { getAccountLedger } from './operator/get-account-ledger.ts';
import { getAccount } from './operator/get-account.ts';
import { getFeedKeys } from './operator/get-feed-keys.ts';
import { listAccounts } from './operator/list-accounts.ts';
import { listAudit } from './operator/list-audit.ts';
import { listOperatorBundles } from './operator/list-operator-bundles.ts';
import { raiseEpoch } from './operator/raise-epoch.ts';
import { retireBundle } from './operator/retire-bundle.ts';
import { suspendAccount } from './operator/suspend-account.ts';
import { unsuspendAccount } from './operator/unsuspend-account.ts';
import { createOperatorPlan } from './operator/create-plan.ts';
import { dropExit } from './operator/drop-exit.ts';
import { enrolGateway } from './operator/enrol-gateway.ts';
import { getFleet } from './operator/get-fleet.ts';
import { getProviderReconciliation } from './operator/get-provider-reconciliation.ts';
import { getReconciliation } from './operator/get-reconciliation.ts';
import { importExits } from './operator/import-exits.ts';
import { listExits } from './operator/list-exits.ts';
import { listGateways } from './operator/list-gateways.ts';
import { listOperatorPlans } from './operator/list-plans.ts';
import { revokeGateway } from './operator/revoke-gateway.ts';
import { saveBundle } from './operator/save-bundle.ts';
import { setFleet } from './operator/set-fleet.ts';
import { setMaintenance } from './operator/set-maintenance.ts';
import { updateOperatorPlan } from './operator/update-plan.ts';
import { createPlan } from './plans/create-plan.ts';
import { getPlan } from './plans/get-plan.ts';
import { listPlans } from './plans/list-plans.ts';
import { updatePlan } from './plans/update-plan.ts';
import { getReceiptChain } from './receipts/get-receipt-chain.ts';
import { listReceiptKeys } from './receipts/list-receipt-keys.ts';
import { listReceipts } from './receipts/list-receipts.ts';
import { listRejections } from './rejections/list-rejections.ts';
import { createSession } from './sessions/create-session.ts';
import { deleteSession } from './sessions/delete-session.ts';
import { listSessions } from './sessions/list-sessions.ts';
import { revokeSession } from './sessions/revoke-session.ts';
import { getStatus } from './status/get-status.ts';
import { createSubUser } from './sub-users/create-sub-user.ts';
import { deleteSubUser } from './sub-users/delete-sub-user.ts';
import { listSubUsers } from './sub-users/list-sub-users.ts';
import { rotateSubUser } from './sub-users/rotate-sub-user.ts';
import { updateSubUser } from './sub-users/update-sub-user.ts';
import { cancelSubscription } from './subscriptions/cancel-subscription.ts';
import { createSubscription } from './subscriptions/create-subscription.ts';
import { getSubscription } from './subscriptions/get-subscription.ts';
import { listSubscriptions } from './subscriptions/list-subscriptions.ts';
import { pauseSubscription } from './subscriptions/pause-subscription.ts';
import { resumeSubscription } from './subscriptions/resume-subscription.ts';
import { getUsage } from './usage/get-usage.ts';
import { getWebhookDelivery } from './webhook-deliveries/get-webhook-delivery.ts';
import { listWebhookDeliveries } from './webhook-deliveries/list-webhook-deliveries.ts';
import { redeliverWebhook } from './webhook-deliveries/redeliver-webhook.ts';
import { createWebhookEndpoint } from './webhook-endpoints/create-webhook-endpoint.ts';
import { deleteWebhookEndpoint } from './webhook-endpoints/delete-webhook-endpoint.ts';
import { listWebhookEndpoints } from './webhook-endpoints/list-webhook-endpoints.ts';
import { rotateWebhookEndpoint } from './webhook-endpoints/rotate-webhook-endpoint.ts';
import { updateWebhookEndpoint } from './webhook-endpoints/update-webhook-endpoint.ts';
import { receiveStripe } from './webhooks/receive-stripe.ts';

/** Every endpoint of the control API but the document that is made of them. */
export const endpoints: readonly Endpoint[] = [
  createAccount,
  createSession,
  listSessions,
  deleteSession,
  revokeSession,
  getMe,
  updateMe,
  createKey,
  listKeys,
  updateKey,
  rotateKey,
  deleteKey,
  createApiKey,
  listApiKeys,
  deleteApiKey,
  createSubUser,
  listSubUsers,
  updateSubUser,
  rotateSubUser,
  deleteSubUser,
  createAuthorizedSource,
  listAuthorizedSources,
  deleteAuthorizedSource,
  createNode,
  listNodes,
  rotateNode,
  deleteNode,
  getAvailability,
  getCountryAvailability,
  getUsage,
  getLedger,
  listReceipts,
  listReceiptKeys,
  getReceiptChain,
  listRejections,
  listBundles,
  createCheckout,
  receiveStripe,
  listInvoices,
  getInvoice,
  voidInvoice,
  createWebhookEndpoint,
  listWebhookEndpoints,
  updateWebhookEndpoint,
  rotateWebhookEndpoint,
  deleteWebhookEndpoint,
  listWebhookDeliveries,
  getWebhookDelivery,
  redeliverWebhook,
  createPlan,
  listPlans,
  getPlan,
  updatePlan,
  createCustomer,
  listCustomers,
  getCustomer,
  updateCustomer,
  deleteCustomer,
  createSubscription,
  listSubscriptions,
  getSubscription,
  pauseSubscription,
  resumeSubscription,
  cancelSubscription,
  getFeed,
  postUsage,
  enrolGateway,
  listGateways,
  revokeGateway,
  importExits,
  listExits,
  dropExit,
  saveBundle,
  createOperatorPlan,
  listOperatorPlans,
  updateOperatorPlan,
  getFleet,
  setFleet,
  setMaintenance,
  listAccounts,
  getAccount,
  getAccountLedger,
  suspendAccount,
  unsuspendAccount,
  adjustBalance,
  listOperatorBundles,
  retireBundle,
  raiseEpoch,
  getFeedKeys,
  listAudit,
  getReconciliation,
  getProviderReconciliation,
  listErrors,
  getStatus,
];
