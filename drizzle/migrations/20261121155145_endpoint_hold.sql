DROP TABLE "ban" CASCADE;--> statement-breakpoint
DROP TABLE "rate_window" CASCADE;--> statement-breakpoint
ALTER TABLE "webhook_endpoint" ADD COLUMN "held_until" timestamp with time zone;