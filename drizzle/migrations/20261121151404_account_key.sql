CREATE TABLE "account_key" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"digest" text NOT NULL,
	"prefix" text NOT NULL,
	"label" text NOT NULL,
	"access" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "account_key_digest_key" UNIQUE("digest"),
	CONSTRAINT "account_key_access" CHECK ("account_key"."access" in ('read', 'full'))
);
--> statement-breakpoint
ALTER TABLE "account_key" ADD CONSTRAINT "account_key_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "account_key_account" ON "account_key" USING btree ("account_id","created_at") WHERE "account_key"."revoked_at" is null;