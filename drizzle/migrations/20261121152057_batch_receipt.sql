CREATE SEQUENCE "public"."batch_receipt_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "batch_receipt" (
	"gateway_id" text NOT NULL,
	"number" bigint DEFAULT nextval('batch_receipt_seq') NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"boot" text NOT NULL,
	"seq" bigint NOT NULL,
	"previous" text,
	"opened_at" text NOT NULL,
	"closed_at" text NOT NULL,
	"root" text NOT NULL,
	"signature" text NOT NULL,
	"secret" text NOT NULL,
	"transaction_id" bigint,
	"leaves" text NOT NULL,
	"records" jsonb,
	CONSTRAINT "batch_receipt_gateway_id_number_at_pk" PRIMARY KEY("gateway_id","number","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE INDEX "batch_receipt_transaction" ON "batch_receipt" USING btree ("transaction_id");--> statement-breakpoint
CREATE INDEX "batch_receipt_at" ON "batch_receipt" USING btree ("gateway_id","at");