ALTER TABLE "ledger_entry" ADD COLUMN "balance_bytes" bigint;--> statement-breakpoint
CREATE INDEX "ledger_transaction_at" ON "ledger_transaction" USING btree ("at");