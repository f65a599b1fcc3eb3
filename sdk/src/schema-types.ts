// The types of what goes over the wire, inferred from the schemas that the API validates with.
import type * as account from '@marvel/shared/api/account';
import type * as authorizedSource from '@marvel/shared/api/authorized-source';
import type * as apiKey from '@marvel/shared/api/api-key';
import type * as availability from '@marvel/shared/api/availability';
import type * as billing from '@marvel/shared/api/billing';
import type * as customer from '@marvel/shared/api/customer';
import type * as error from '@marvel/shared/api/error';
import type * as key from '@marvel/shared/api/key';
import type * as ledger from '@marvel/shared/api/ledger';
import type * as node from '@marvel/shared/api/node';
import type * as operator from '@marvel/shared/api/operator';
import type * as page from '@marvel/shared/api/page';
import type * as plan from '@marvel/shared/api/plan';
import type * as receipt from '@marvel/shared/api/receipt';
import type * as rejection from '@marvel/shared/api/rejection';
import type * as status from '@marvel/shared/api/status';
import type * as subscription from '@marvel/shared/api/subscription';
import type * as subUser from '@marvel/shared/api/sub-user';
import type * as usage from '@marvel/shared/api/usage';
import type * as webhook from '@marvel/shared/api/webhook';
import type { FailureCode as Code } from '@marvel/shared/failures';
import type * as limits from '@marvel/shared/limits';
import type * as verifyReceipts from '@marvel/shared/receipt/verify-receipts';
import type * as target from '@marvel/shared/target';
import type * as webhookSignature from '@marvel/shared/webhook-signature';
import type * as v from 'valibot';

/** A query as it is easy to write: numbers and times as such, and lists as arrays. */
type EasyQuery<S extends v.GenericSchema> = {
  readonly [Name in keyof v.InferInput<S>]: EasyValue<Name, v.InferInput<S>[Name]>;
};
type EasyValue<Name, Value> =
  | Value
  | undefined
  | (Name extends 'limit' ? number : Name extends 'from' | 'to' ? Date : Name extends 'all' ? boolean : never);

/** The name of a failure, as in `X-Marvel-Error`. */
export type FailureCode = Code;
/** The codes that reading a target can give. */
export type TargetFailure = target.TargetFailure;
/** What a client asks of the exit. */
export type Target = target.Target;

/** Why a webhook is not believed. */
export type WebhookFailure = webhookSignature.WebhookFailure;
/** What an account has of itself: its ledger, receipts, and the chains of the gateways, put together. */
export type ReceiptEvidence = verifyReceipts.ReceiptEvidence;
/** What the evidence adds up to, bytes. */
export type ReceiptReport = verifyReceipts.ReceiptReport;

export type Limits = v.InferOutput<typeof limits.Limits>;

export type CreateAccountRequest = v.InferInput<typeof account.CreateAccountRequest>;
export type SignInRequest = v.InferInput<typeof account.SignInRequest>;
export type SignedIn = v.InferOutput<typeof account.SignedIn>;
export type Session = v.InferOutput<typeof account.Session>;
export type SessionList = v.InferOutput<typeof account.SessionList>;
export type SignOutQuery = EasyQuery<typeof account.SignOutQuery>;
export type Me = v.InferOutput<typeof account.Me>;
export type UpdateMeRequest = v.InferInput<typeof account.UpdateMeRequest>;

export type CreateKeyRequest = v.InferInput<typeof key.CreateKeyRequest>;
export type UpdateKeyRequest = v.InferInput<typeof key.UpdateKeyRequest>;
export type Key = v.InferOutput<typeof key.Key>;
export type CreatedKey = v.InferOutput<typeof key.CreatedKey>;

export type CreateSubUserRequest = v.InferInput<typeof subUser.CreateSubUserRequest>;
export type UpdateSubUserRequest = v.InferInput<typeof subUser.UpdateSubUserRequest>;
export type RotateSubUserRequest = v.InferInput<typeof subUser.RotateSubUserRequest>;
export type SubUser = v.InferOutput<typeof subUser.SubUser>;
export type CreatedSubUser = v.InferOutput<typeof subUser.CreatedSubUser>;
export type SubUserList = v.InferOutput<typeof subUser.SubUserList>;

export type CreateAuthorizedSourceRequest = v.InferInput<typeof authorizedSource.CreateAuthorizedSourceRequest>;
export type AuthorizedSource = v.InferOutput<typeof authorizedSource.AuthorizedSource>;
export type AuthorizedSourceList = v.InferOutput<typeof authorizedSource.AuthorizedSourceList>;

export type CreateNodeRequest = v.InferInput<typeof node.CreateNodeRequest>;
export type Node = v.InferOutput<typeof node.Node>;

export type CountryAvailability = v.InferOutput<typeof availability.CountryAvailability>;
export type Availability = v.InferOutput<typeof availability.Availability>;

export type UsageGroup = (typeof usage.usageGroups)[number];
export type UsageQuery = Omit<EasyQuery<typeof usage.UsageQuery>, 'group_by'> & {
  readonly group_by?: UsageGroup | readonly UsageGroup[] | undefined;
};
export type UsageRow = v.InferOutput<typeof usage.UsageRow>;
export type Usage = v.InferOutput<typeof usage.Usage>;

export type LedgerQuery = EasyQuery<typeof ledger.LedgerQuery>;
export type LedgerEntry = v.InferOutput<typeof ledger.LedgerEntry>;
export type LedgerPage = v.InferOutput<typeof ledger.LedgerPage>;

export type RejectionQuery = EasyQuery<typeof rejection.RejectionQuery>;
export type Rejection = v.InferOutput<typeof rejection.Rejection>;
export type RejectionPage = v.InferOutput<typeof rejection.RejectionPage>;

export type PageQuery = EasyQuery<typeof page.PageQuery>;
export type Bundle = v.InferOutput<typeof billing.Bundle>;
export type BundleList = v.InferOutput<typeof billing.BundleList>;
export type CheckoutRequest = v.InferInput<typeof billing.CheckoutRequest>;
export type Checkout = v.InferOutput<typeof billing.Checkout>;
export type Invoice = v.InferOutput<typeof billing.Invoice>;
export type InvoiceList = v.InferOutput<typeof billing.InvoiceList>;

export type CreateWebhookEndpointRequest = v.InferInput<typeof webhook.CreateWebhookEndpointRequest>;
export type UpdateWebhookEndpointRequest = v.InferInput<typeof webhook.UpdateWebhookEndpointRequest>;
export type WebhookEndpoint = v.InferOutput<typeof webhook.WebhookEndpoint>;
export type CreatedWebhookEndpoint = v.InferOutput<typeof webhook.CreatedWebhookEndpoint>;
export type RotatedWebhookEndpoint = v.InferOutput<typeof webhook.RotatedWebhookEndpoint>;
export type WebhookEndpointList = v.InferOutput<typeof webhook.WebhookEndpointList>;
export type WebhookDelivery = v.InferOutput<typeof webhook.WebhookDelivery>;
export type WebhookDeliveryPage = v.InferOutput<typeof webhook.WebhookDeliveryPage>;
export type WebhookDeliveryLog = v.InferOutput<typeof webhook.WebhookDeliveryLog>;
export type WebhookEvent = v.InferOutput<typeof webhook.WebhookEvent>;
export type WebhookDeliveryQuery = EasyQuery<typeof webhook.WebhookDeliveryQuery>;

export type ErrorBody = v.InferOutput<typeof error.ErrorBody>;
export type CreateApiKeyRequest = v.InferInput<typeof apiKey.CreateApiKeyRequest>;
export type ApiKey = v.InferOutput<typeof apiKey.ApiKey>;
export type CreatedApiKey = v.InferOutput<typeof apiKey.CreatedApiKey>;
export type ApiKeyList = v.InferOutput<typeof apiKey.ApiKeyList>;

export type CreatePlanRequest = v.InferInput<typeof plan.CreatePlanRequest>;
export type UpdatePlanRequest = v.InferInput<typeof plan.UpdatePlanRequest>;
export type PlanQuery = EasyQuery<typeof plan.PlanQuery>;
export type Plan = v.InferOutput<typeof plan.Plan>;
export type PlanList = v.InferOutput<typeof plan.PlanList>;
export type CreateCustomerRequest = v.InferInput<typeof customer.CreateCustomerRequest>;
export type UpdateCustomerRequest = v.InferInput<typeof customer.UpdateCustomerRequest>;
export type Customer = v.InferOutput<typeof customer.Customer>;
export type CustomerList = v.InferOutput<typeof customer.CustomerList>;
export type CreateSubscriptionRequest = v.InferInput<typeof subscription.CreateSubscriptionRequest>;
export type CancelSubscriptionRequest = v.InferInput<typeof subscription.CancelSubscriptionRequest>;
export type SubscriptionQuery = EasyQuery<typeof subscription.SubscriptionQuery>;
export type Subscription = v.InferOutput<typeof subscription.Subscription>;
export type SubscriptionList = v.InferOutput<typeof subscription.SubscriptionList>;

export type ReceiptQuery = EasyQuery<typeof receipt.ReceiptQuery>;
export type Receipt = v.InferOutput<typeof receipt.Receipt>;
export type ReceiptPage = v.InferOutput<typeof receipt.ReceiptPage>;
export type ReceiptChainQuery = EasyQuery<typeof receipt.ReceiptChainQuery>;
export type SignedHead = v.InferOutput<typeof receipt.SignedHead>;
export type ReceiptChainPage = v.InferOutput<typeof receipt.ReceiptChainPage>;
export type ReceiptKeys = v.InferOutput<typeof receipt.ReceiptKeys>;

export type CatalogueEntry = v.InferOutput<typeof error.CatalogueEntry>;
export type Catalogue = v.InferOutput<typeof error.Catalogue>;
export type Status = v.InferOutput<typeof status.Status>;

export type EnrolGatewayRequest = v.InferInput<typeof operator.EnrolGatewayRequest>;
export type EnrolledGateway = v.InferOutput<typeof operator.EnrolledGateway>;
export type OperatorGateway = v.InferOutput<typeof operator.OperatorGateway>;
export type OperatorGatewayList = v.InferOutput<typeof operator.OperatorGatewayList>;
export type ExitImportLine = v.InferInput<typeof operator.ExitImportLine>;
export type ExitImportOutcome = v.InferOutput<typeof operator.ExitImportOutcome>;
export type ExitImportReport = v.InferOutput<typeof operator.ExitImportReport>;
export type OperatorExit = v.InferOutput<typeof operator.OperatorExit>;
export type OperatorExitList = v.InferOutput<typeof operator.OperatorExitList>;
export type SaveBundleRequest = v.InferInput<typeof operator.SaveBundleRequest>;
export type SetFleetRequest = v.InferInput<typeof operator.SetFleetRequest>;
export type FleetStatus = v.InferOutput<typeof operator.FleetStatus>;
export type SetMaintenanceRequest = v.InferInput<typeof operator.SetMaintenanceRequest>;
export type OperatorBundleList = v.InferOutput<typeof operator.OperatorBundleList>;
export type RaiseEpochRequest = v.InferInput<typeof operator.RaiseEpochRequest>;
export type OperatorAccount = v.InferOutput<typeof operator.OperatorAccount>;
export type OperatorAccountList = v.InferOutput<typeof operator.OperatorAccountList>;
export type SetAccountStatusRequest = v.InferInput<typeof operator.SetAccountStatusRequest>;
export type AuditPage = v.InferOutput<typeof operator.AuditPage>;
export type FeedKeys = v.InferOutput<typeof operator.FeedKeys>;
export type OperatorAccountQuery = EasyQuery<typeof operator.OperatorAccountQuery>;
export type AuditQuery = EasyQuery<typeof operator.AuditQuery>;
export type AdjustBalanceRequest = v.InferInput<typeof operator.AdjustBalanceRequest>;
export type AdjustedBalance = v.InferOutput<typeof operator.AdjustedBalance>;
export type ReconcileProviderQuery = v.InferInput<typeof operator.ReconcileProviderQuery>;
export type ProviderReconciliation = v.InferOutput<typeof operator.ProviderReconciliation>;
export type Reconciliation = v.InferOutput<typeof operator.Reconciliation>;
