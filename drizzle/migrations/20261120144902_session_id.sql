DROP INDEX "session_account";--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "id" text DEFAULT 'ses_' || replace(gen_random_uuid()::text, '-', '') NOT NULL;--> statement-breakpoint
CREATE INDEX "session_account" ON "session" USING btree ("account_id","created_at");--> statement-breakpoint
ALTER TABLE "session" ADD CONSTRAINT "session_id_key" UNIQUE("id");