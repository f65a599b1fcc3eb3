CREATE TABLE "gateway_tunnels" (
	"gateway_id" text PRIMARY KEY NOT NULL,
	"lines" jsonb NOT NULL,
	"said_at" timestamp with time zone NOT NULL
);
