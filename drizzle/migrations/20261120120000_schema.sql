CREATE SEQUENCE "public"."feed_record_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "account" (
	"id" text PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"password_hash" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"threads" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "account_status" CHECK ("account"."status" in ('active', 'suspended')),
	CONSTRAINT "account_threads" CHECK ("account"."threads" >= 1)
);
--> statement-breakpoint
CREATE TABLE "session" (
	"token_digest" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bundle" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"bytes" bigint NOT NULL,
	"price_cents" integer NOT NULL,
	"currency" text NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "bundle_bytes" CHECK ("bundle"."bytes" between 1 and 9007199254740991),
	CONSTRAINT "bundle_price" CHECK ("bundle"."price_cents" >= 0),
	CONSTRAINT "bundle_currency" CHECK ("bundle"."currency" ~ '^[a-z]{3}$')
);
--> statement-breakpoint
CREATE TABLE "invoice" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"bundle_id" text,
	"description" text NOT NULL,
	"bytes" bigint NOT NULL,
	"amount_cents" integer NOT NULL,
	"currency" text NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"stripe_checkout_id" text,
	"checkout_url" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"paid_at" timestamp with time zone,
	"voided_at" timestamp with time zone,
	CONSTRAINT "invoice_stripe_checkout_key" UNIQUE("stripe_checkout_id"),
	CONSTRAINT "invoice_status" CHECK ("invoice"."status" in ('open', 'paid', 'void', 'uncollectible')),
	CONSTRAINT "invoice_bytes" CHECK ("invoice"."bytes" between 1 and 9007199254740991),
	CONSTRAINT "invoice_amount" CHECK ("invoice"."amount_cents" >= 0)
);
--> statement-breakpoint
CREATE TABLE "payment" (
	"id" text PRIMARY KEY NOT NULL,
	"reference" text NOT NULL,
	"invoice_id" text NOT NULL,
	"account_id" text NOT NULL,
	"bytes" bigint NOT NULL,
	"taken_back_bytes" bigint DEFAULT 0 NOT NULL,
	"amount_cents" integer NOT NULL,
	"currency" text NOT NULL,
	"paid_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "payment_reference_key" UNIQUE("reference"),
	CONSTRAINT "payment_invoice_key" UNIQUE("invoice_id"),
	CONSTRAINT "payment_taken_back" CHECK ("payment"."taken_back_bytes" between 0 and "payment"."bytes")
);
--> statement-breakpoint
CREATE TABLE "stripe_event" (
	"id" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"handled_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "take_back" (
	"reference" text PRIMARY KEY NOT NULL,
	"payment_reference" text NOT NULL,
	"kind" text NOT NULL,
	"amount_cents" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"reversed_at" timestamp with time zone,
	CONSTRAINT "take_back_kind" CHECK ("take_back"."kind" in ('refund', 'dispute')),
	CONSTRAINT "take_back_amount" CHECK ("take_back"."amount_cents" >= 0)
);
--> statement-breakpoint
CREATE TABLE "budget" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"credential_id" text,
	"window" text,
	"cap_bytes" bigint,
	"balance_bytes" bigint NOT NULL,
	"window_ends_at" timestamp with time zone,
	"shortfall_at" timestamp with time zone,
	"shortfall_by" text,
	CONSTRAINT "budget_balance" CHECK ("budget"."balance_bytes" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "budget_cap" CHECK ("budget"."cap_bytes" between 0 and 9007199254740991),
	CONSTRAINT "budget_window" CHECK ("budget"."window" in ('day', 'month', 'total')),
	CONSTRAINT "budget_shape" CHECK (case when "budget"."credential_id" is null
        then "budget"."id" = "budget"."account_id" and "budget"."window" is null and "budget"."cap_bytes" is null
        else "budget"."id" = "budget"."credential_id" || '/' || "budget"."window" and "budget"."cap_bytes" is not null end)
);
--> statement-breakpoint
CREATE TABLE "lease" (
	"gateway_id" text NOT NULL,
	"budget_id" text NOT NULL,
	"boot" text NOT NULL,
	"held_bytes" bigint NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "lease_gateway_id_budget_id_pk" PRIMARY KEY("gateway_id","budget_id"),
	CONSTRAINT "lease_held" CHECK ("lease"."held_bytes" between 0 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "api_key" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"digest" text NOT NULL,
	"prefix" text NOT NULL,
	"label" text NOT NULL,
	"mode" text NOT NULL,
	"limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "api_key_digest_key" UNIQUE("digest"),
	CONSTRAINT "api_key_mode" CHECK ("api_key"."mode" in ('live', 'test'))
);
--> statement-breakpoint
CREATE TABLE "authorized_source" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"sub_user_id" text,
	"source" text NOT NULL,
	"value" text NOT NULL,
	"addresses" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "authorized_source_source" CHECK ("authorized_source"."source" in ('ip', 'hostname'))
);
--> statement-breakpoint
CREATE TABLE "credential" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"kind" text NOT NULL,
	"test" boolean DEFAULT false NOT NULL,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "credential_kind" CHECK ("credential"."kind" in ('key', 'sub_user', 'authorized_source'))
);
--> statement-breakpoint
CREATE TABLE "sub_user" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"username" text NOT NULL,
	"digest" text NOT NULL,
	"limits" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"first_name" text,
	"last_name" text,
	"email" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "sub_user_username" CHECK ("sub_user"."username" ~ '^[A-Za-z0-9_]{1,64}$')
);
--> statement-breakpoint
CREATE TABLE "exit" (
	"id" text PRIMARY KEY NOT NULL,
	"network" text NOT NULL,
	"country" text NOT NULL,
	"state" text,
	"city" text,
	"asn" bigint NOT NULL,
	"exit_ip" text NOT NULL,
	"transport" jsonb NOT NULL,
	"purity" integer NOT NULL,
	"grade" text NOT NULL,
	"seals" jsonb NOT NULL,
	"weight" integer NOT NULL,
	"evidence" jsonb NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"dropped_at" timestamp with time zone,
	"drop_gate" text,
	CONSTRAINT "exit_network" CHECK ("exit"."network" in ('residential', 'isp', 'datacenter')),
	CONSTRAINT "exit_country" CHECK ("exit"."country" ~ '^[A-Z]{2}$'),
	CONSTRAINT "exit_purity" CHECK ("exit"."purity" between 0 and 100),
	CONSTRAINT "exit_grade" CHECK ("exit"."grade" in ('S', 'A', 'B')),
	CONSTRAINT "exit_weight" CHECK ("exit"."weight" between 1 and 1000)
);
--> statement-breakpoint
CREATE TABLE "exit_dial" (
	"exit_id" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"gateway_id" text NOT NULL,
	"dials" bigint NOT NULL,
	"failures" bigint NOT NULL,
	"latency_ms" bigint NOT NULL,
	CONSTRAINT "exit_dial_hour_exit_id_gateway_id_pk" PRIMARY KEY("hour","exit_id","gateway_id"),
	CONSTRAINT "exit_dial_dials" CHECK ("exit_dial"."dials" between 0 and 9007199254740991),
	CONSTRAINT "exit_dial_failures" CHECK ("exit_dial"."failures" between 0 and 9007199254740991),
	CONSTRAINT "exit_dial_latency" CHECK ("exit_dial"."latency_ms" between 0 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "node" (
	"account_id" text NOT NULL,
	"session" text NOT NULL,
	"exit_id" text NOT NULL,
	"country" text,
	"min_purity" integer DEFAULT 0 NOT NULL,
	"generation" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "node_account_id_session_pk" PRIMARY KEY("account_id","session"),
	CONSTRAINT "node_session" CHECK ("node"."session" ~ '^[A-Za-z0-9_]{1,64}$'),
	CONSTRAINT "node_generation" CHECK ("node"."generation" >= 1)
);
--> statement-breakpoint
CREATE TABLE "feed_record" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"version" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"seq" bigint DEFAULT nextval('feed_record_seq') NOT NULL,
	"body" jsonb NOT NULL,
	"tombstone" boolean DEFAULT false NOT NULL,
	CONSTRAINT "feed_record_kind_id_pk" PRIMARY KEY("kind","id")
);
--> statement-breakpoint
CREATE TABLE "fleet" (
	"id" text PRIMARY KEY DEFAULT 'fleet' NOT NULL,
	"epoch" integer DEFAULT 1 NOT NULL,
	"policy" jsonb NOT NULL,
	"maintenance" boolean DEFAULT false NOT NULL,
	CONSTRAINT "fleet_single" CHECK ("fleet"."id" = 'fleet'),
	CONSTRAINT "fleet_epoch" CHECK ("fleet"."epoch" >= 1)
);
--> statement-breakpoint
CREATE TABLE "gateway" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"token_digest" text NOT NULL,
	"public_key" jsonb NOT NULL,
	"enrolled_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	"last_seen_at" timestamp with time zone,
	"boot" text,
	"seq" bigint,
	"last_digest" text,
	"open_tunnels" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "gateway_token_key" UNIQUE("token_digest")
);
--> statement-breakpoint
CREATE TABLE "gateway_feed" (
	"gateway_id" text PRIMARY KEY NOT NULL,
	"cursor" text NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_batch" (
	"gateway_id" text NOT NULL,
	"boot" text NOT NULL,
	"seq" bigint NOT NULL,
	"digest" text NOT NULL,
	"previous" text,
	"opened_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"records" integer NOT NULL,
	"bytes" bigint NOT NULL,
	"reply" text NOT NULL,
	CONSTRAINT "usage_batch_gateway_id_boot_seq_pk" PRIMARY KEY("gateway_id","boot","seq"),
	CONSTRAINT "usage_batch_bytes" CHECK ("usage_batch"."bytes" between 0 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "ledger_account" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	CONSTRAINT "ledger_account_kind" CHECK ("ledger_account"."kind" in ('customer', 'system'))
);
--> statement-breakpoint
CREATE TABLE "ledger_entry" (
	"ledger_account_id" text NOT NULL,
	"transaction_id" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	CONSTRAINT "ledger_entry_ledger_account_id_transaction_id_pk" PRIMARY KEY("ledger_account_id","transaction_id"),
	CONSTRAINT "ledger_entry_bytes" CHECK ("ledger_entry"."bytes" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "ledger_entry_moves" CHECK ("ledger_entry"."bytes" <> 0)
);
--> statement-breakpoint
CREATE TABLE "ledger_transaction" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "ledger_transaction_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"cause" text NOT NULL,
	"reference" text NOT NULL,
	"note" text,
	CONSTRAINT "ledger_transaction_reference" UNIQUE("cause","reference"),
	CONSTRAINT "ledger_transaction_cause" CHECK ("ledger_transaction"."cause" in ('payment', 'batch', 'adjustment', 'refund', 'expiry'))
);
--> statement-breakpoint
CREATE TABLE "anomaly" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "anomaly_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"source" text NOT NULL,
	"detail" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "answer" (
	"id" text PRIMARY KEY NOT NULL,
	"body_digest" text NOT NULL,
	"sealed" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ban" (
	"subject" text PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"ends_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "operator_audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "operator_audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"request_id" text
);
--> statement-breakpoint
CREATE TABLE "rate_window" (
	"bucket" text NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "rate_window_bucket_starts_at_pk" PRIMARY KEY("bucket","starts_at")
);
--> statement-breakpoint
CREATE TABLE "rejection" (
	"account_id" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"credential_id" text NOT NULL,
	"dialect" text NOT NULL,
	"code" text NOT NULL,
	"count" bigint NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	CONSTRAINT "rejection_key" UNIQUE("account_id","hour","credential_id","dialect","code"),
	CONSTRAINT "rejection_count" CHECK ("rejection"."count" between 0 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "usage_rollup" (
	"account_id" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"credential_id" text NOT NULL,
	"exit_id" text,
	"country" text,
	"network" text,
	"dialect" text NOT NULL,
	"exit_grade" text,
	"test" boolean NOT NULL,
	"bytes_up" bigint NOT NULL,
	"bytes_down" bigint NOT NULL,
	"connections" bigint NOT NULL,
	CONSTRAINT "usage_rollup_key" UNIQUE NULLS NOT DISTINCT("account_id","hour","credential_id","exit_id","country","network","dialect"),
	CONSTRAINT "usage_rollup_up" CHECK ("usage_rollup"."bytes_up" between 0 and 9007199254740991),
	CONSTRAINT "usage_rollup_down" CHECK ("usage_rollup"."bytes_down" between 0 and 9007199254740991),
	CONSTRAINT "usage_rollup_connections" CHECK ("usage_rollup"."connections" between 0 and 9007199254740991)
);
--> statement-breakpoint
ALTER TABLE "session" ADD CONSTRAINT "session_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_bundle_id_bundle_id_fk" FOREIGN KEY ("bundle_id") REFERENCES "public"."bundle"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment" ADD CONSTRAINT "payment_invoice_id_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoice"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment" ADD CONSTRAINT "payment_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "authorized_source" ADD CONSTRAINT "authorized_source_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "authorized_source" ADD CONSTRAINT "authorized_source_sub_user_id_sub_user_id_fk" FOREIGN KEY ("sub_user_id") REFERENCES "public"."sub_user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credential" ADD CONSTRAINT "credential_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sub_user" ADD CONSTRAINT "sub_user_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "node" ADD CONSTRAINT "node_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_batch" ADD CONSTRAINT "usage_batch_gateway_id_gateway_id_fk" FOREIGN KEY ("gateway_id") REFERENCES "public"."gateway"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "account_email_key" ON "account" USING btree (lower("email"));--> statement-breakpoint
CREATE INDEX "session_account" ON "session" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "session_expiry" ON "session" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "invoice_account" ON "invoice" USING btree ("account_id","created_at");--> statement-breakpoint
CREATE INDEX "payment_account" ON "payment" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "take_back_payment" ON "take_back" USING btree ("payment_reference");--> statement-breakpoint
CREATE INDEX "budget_account" ON "budget" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "budget_window" ON "budget" USING btree ("window_ends_at") WHERE "budget"."window_ends_at" is not null;--> statement-breakpoint
CREATE INDEX "budget_shortfall" ON "budget" USING btree ("shortfall_at") WHERE "budget"."shortfall_at" is not null;--> statement-breakpoint
CREATE INDEX "lease_budget" ON "lease" USING btree ("budget_id");--> statement-breakpoint
CREATE INDEX "api_key_account" ON "api_key" USING btree ("account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "authorized_source_value_key" ON "authorized_source" USING btree ("source","value") WHERE "authorized_source"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "authorized_source_account" ON "authorized_source" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "credential_account" ON "credential" USING btree ("account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "sub_user_username_key" ON "sub_user" USING btree ("username") WHERE "sub_user"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "sub_user_account" ON "sub_user" USING btree ("account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "exit_place_key" ON "exit" USING btree ("exit_ip",("transport" ->> 'type'),("transport" ->> 'host'),("transport" ->> 'port'));--> statement-breakpoint
CREATE INDEX "exit_live" ON "exit" USING btree ("country","network") WHERE "exit"."dropped_at" is null;--> statement-breakpoint
CREATE INDEX "node_expiry" ON "node" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "feed_record_place" ON "feed_record" USING btree ("version","seq");--> statement-breakpoint
CREATE INDEX "gateway_enrolled" ON "gateway" USING btree ("id") WHERE "gateway"."revoked_at" is null;--> statement-breakpoint
CREATE INDEX "anomaly_at" ON "anomaly" USING btree ("at");--> statement-breakpoint
CREATE INDEX "answer_expiry" ON "answer" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "rate_window_end" ON "rate_window" USING btree ("ends_at");