CREATE TABLE "source_address" (
	"address" text PRIMARY KEY NOT NULL,
	"source_id" text NOT NULL
);
--> statement-breakpoint
DROP INDEX "authorized_source_account";--> statement-breakpoint
ALTER TABLE "authorized_source" ADD COLUMN "looked_up_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "authorized_source" ADD COLUMN "resolved_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "source_address" ADD CONSTRAINT "source_address_source_id_authorized_source_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."authorized_source"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "source_address_source" ON "source_address" USING btree ("source_id");--> statement-breakpoint
CREATE INDEX "authorized_source_sub_user" ON "authorized_source" USING btree ("sub_user_id");--> statement-breakpoint
CREATE INDEX "authorized_source_look_up" ON "authorized_source" USING btree ("looked_up_at" NULLS FIRST) WHERE "authorized_source"."source" = 'hostname' and "authorized_source"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "authorized_source_account" ON "authorized_source" USING btree ("account_id","created_at");