CREATE TABLE "customer" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"name" text NOT NULL,
	"email" text,
	"reference" text,
	"sub_user_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "plan" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text,
	"name" text NOT NULL,
	"bytes" bigint NOT NULL,
	"price_cents" integer NOT NULL,
	"currency" text NOT NULL,
	"interval" text NOT NULL,
	"interval_count" integer NOT NULL,
	"periods" integer,
	"threads" integer,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "plan_bytes" CHECK ("plan"."bytes" between 1 and 9007199254740991),
	CONSTRAINT "plan_price" CHECK ("plan"."price_cents" >= 0),
	CONSTRAINT "plan_currency" CHECK ("plan"."currency" ~ '^[a-z]{3}$'),
	CONSTRAINT "plan_interval" CHECK ("plan"."interval" in ('day', 'week', 'month', 'year')),
	CONSTRAINT "plan_interval_count" CHECK ("plan"."interval_count" between 1 and 365),
	CONSTRAINT "plan_periods" CHECK ("plan"."periods" >= 1),
	CONSTRAINT "plan_threads" CHECK ("plan"."threads" >= 1)
);
--> statement-breakpoint
CREATE TABLE "subscription" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"plan_id" text NOT NULL,
	"customer_id" text,
	"sub_user_id" text,
	"status" text NOT NULL,
	"name" text NOT NULL,
	"bytes" bigint NOT NULL,
	"price_cents" integer NOT NULL,
	"currency" text NOT NULL,
	"interval" text NOT NULL,
	"interval_count" integer NOT NULL,
	"periods" integer,
	"threads" integer,
	"periods_begun" integer DEFAULT 0 NOT NULL,
	"current_period_start" timestamp with time zone,
	"current_period_end" timestamp with time zone,
	"cancel_at_period_end" boolean DEFAULT false NOT NULL,
	"stripe_checkout_id" text,
	"checkout_url" text,
	"stripe_subscription_id" text,
	"stripe_asked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "subscription_stripe_key" UNIQUE("stripe_subscription_id"),
	CONSTRAINT "subscription_status" CHECK ("subscription"."status" in ('active', 'paused', 'past_due', 'cancelled', 'completed')),
	CONSTRAINT "subscription_ended" CHECK (("subscription"."status" in ('cancelled', 'completed')) = ("subscription"."ended_at" is not null)),
	CONSTRAINT "subscription_bytes" CHECK ("subscription"."bytes" between 1 and 9007199254740991),
	CONSTRAINT "subscription_price" CHECK ("subscription"."price_cents" >= 0),
	CONSTRAINT "subscription_periods" CHECK ("subscription"."periods_begun" >= 0),
	CONSTRAINT "subscription_customer" CHECK (("subscription"."customer_id" is null) = ("subscription"."sub_user_id" is null))
);
--> statement-breakpoint
ALTER TABLE "account" ADD COLUMN "plan_threads" integer;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "subscription_id" text;--> statement-breakpoint
ALTER TABLE "invoice" ADD COLUMN "stripe_invoice_id" text;--> statement-breakpoint
ALTER TABLE "payment" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "payment" ADD COLUMN "expired_bytes" bigint;--> statement-breakpoint
ALTER TABLE "customer" ADD CONSTRAINT "customer_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "customer" ADD CONSTRAINT "customer_sub_user_id_sub_user_id_fk" FOREIGN KEY ("sub_user_id") REFERENCES "public"."sub_user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan" ADD CONSTRAINT "plan_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_plan_id_plan_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plan"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_customer_id_customer_id_fk" FOREIGN KEY ("customer_id") REFERENCES "public"."customer"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_sub_user_id_sub_user_id_fk" FOREIGN KEY ("sub_user_id") REFERENCES "public"."sub_user"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "customer_account" ON "customer" USING btree ("account_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "customer_reference_key" ON "customer" USING btree ("account_id","reference") WHERE "customer"."deleted_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "customer_sub_user_key" ON "customer" USING btree ("sub_user_id") WHERE "customer"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "plan_account" ON "plan" USING btree ("account_id","created_at");--> statement-breakpoint
CREATE INDEX "subscription_account" ON "subscription" USING btree ("account_id","created_at");--> statement-breakpoint
CREATE INDEX "subscription_plan" ON "subscription" USING btree ("plan_id");--> statement-breakpoint
CREATE UNIQUE INDEX "subscription_own_key" ON "subscription" USING btree ("account_id") WHERE "subscription"."customer_id" is null and "subscription"."status" in ('active', 'paused', 'past_due');--> statement-breakpoint
CREATE UNIQUE INDEX "subscription_customer_key" ON "subscription" USING btree ("customer_id") WHERE "subscription"."status" in ('active', 'paused', 'past_due');--> statement-breakpoint
CREATE INDEX "subscription_sub_user" ON "subscription" USING btree ("sub_user_id");--> statement-breakpoint
CREATE INDEX "subscription_due" ON "subscription" USING btree ("current_period_end") WHERE "subscription"."customer_id" is not null and "subscription"."status" in ('active', 'paused');--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_subscription_id_subscription_id_fk" FOREIGN KEY ("subscription_id") REFERENCES "public"."subscription"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "invoice_subscription" ON "invoice" USING btree ("subscription_id");--> statement-breakpoint
CREATE INDEX "payment_expiry" ON "payment" USING btree ("expires_at") WHERE "payment"."expired_bytes" is null;--> statement-breakpoint
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_stripe_invoice_key" UNIQUE("stripe_invoice_id");--> statement-breakpoint
ALTER TABLE "account" ADD CONSTRAINT "account_plan_threads" CHECK ("account"."plan_threads" >= 1);--> statement-breakpoint
ALTER TABLE "payment" ADD CONSTRAINT "payment_expired" CHECK ("payment"."expired_bytes" between 0 and "payment"."bytes" - "payment"."taken_back_bytes");