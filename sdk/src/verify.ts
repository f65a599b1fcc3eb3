export { readReceiptEvidence, verifyReceipts, type EvidencePeriod } from './verify/receipts.ts';
export { MarvelWebhookError, verifyWebhook, type ReceivedWebhook } from './verify/webhook.ts';
export type { ReceiptEvidence, ReceiptReport, WebhookEvent, WebhookFailure } from './schema-types.ts';
