CREATE TABLE "usage_boot" (
	"gateway_id" text NOT NULL,
	"boot" text NOT NULL,
	"settled" "int8multirange" NOT NULL,
	CONSTRAINT "usage_boot_gateway_id_boot_pk" PRIMARY KEY("gateway_id","boot")
);
--> statement-breakpoint
ALTER TABLE "usage_boot" ADD CONSTRAINT "usage_boot_gateway_id_gateway_id_fk" FOREIGN KEY ("gateway_id") REFERENCES "public"."gateway"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "usage_batch_received" ON "usage_batch" USING btree ("received_at");--> statement-breakpoint

-- Of a batch that was settled long ago no more has to be known than that it was. Its row goes, with its digest and what was
-- answered; its number stays in `usage_boot`, where a whole run of a gateway is one range. So the claim of a batch is in one of
-- the two tables from the moment it is settled on, and is never in neither: however late a batch comes again, it bills nothing.

create trigger usage_boot_kept before delete or truncate on usage_boot for each statement execute function refuse_change();

create function refuse_shrinking() returns trigger
language plpgsql as $$
begin
  if (new.gateway_id, new.boot) is distinct from (old.gateway_id, old.boot) or not new.settled @> old.settled then
    raise exception 'what was settled stays settled' using errcode = 'restrict_violation';
  end if;
  return new;
end;
$$;
create trigger usage_boot_grows before update on usage_boot for each row execute function refuse_shrinking();

drop trigger usage_batch_append_only on usage_batch;
create trigger usage_batch_append_only before update or truncate on usage_batch
  for each statement execute function refuse_change();

create function refuse_unclaimed() returns trigger
language plpgsql as $$
begin
  if exists (
    select from gone g
    where not exists (
      select from usage_boot k where k.gateway_id = g.gateway_id and k.boot = g.boot and k.settled @> g.seq)) then
    raise exception 'a batch goes only once it is known to be settled' using errcode = 'restrict_violation';
  end if;
  return null;
end;
$$;
create trigger usage_batch_claimed after delete on usage_batch referencing old table as gone
  for each statement execute function refuse_unclaimed();

-- Forgets what batches were answered that came before a time, the oldest first: at most `p_limit` of them. Never waits; a
-- gateway that is posting is left for the next time. Gives how many it forgot.
create function forget_batches(p_before timestamptz, p_limit integer) returns integer
language plpgsql as $$
declare
  v_gateways text[];
  v_due usage_batch[];
begin
  select array_agg(o.b) into v_due
  from (select b from usage_batch b where b.received_at < p_before order by b.received_at limit p_limit) o;
  select array_agg(g.id) into v_gateways
  from (
    select id from gateway where id in (select d.gateway_id from unnest(v_due) d)
    order by id for no key update skip locked) g;
  insert into usage_boot as k (gateway_id, boot, settled)
  select d.gateway_id, d.boot, range_agg(int8range(d.seq, d.seq, '[]'))
  from unnest(v_due) d where d.gateway_id = any (v_gateways)
  group by d.gateway_id, d.boot
  order by d.gateway_id, d.boot
  on conflict (gateway_id, boot) do update set settled = k.settled + excluded.settled;
  delete from usage_batch b using unnest(v_due) d
  where d.gateway_id = any (v_gateways) and b.gateway_id = d.gateway_id and b.boot = d.boot and b.seq = d.seq;
  return (select count(*) from unnest(v_due) d where d.gateway_id = any (v_gateways));
end;
$$;

-- That a batch is known to be settled is looked at by `settle_batch`, which boot_takeover makes anew; nothing is forgotten before.

-- Everything in the books that does not add up; no rows when all is well. Cost: reads the whole ledger, and the batches of a day.
create or replace function books_check()
returns table (problem text, id text, expected numeric, found numeric)
language sql stable as $$
  select c.problem, c.id, c.expected, c.found from ledger_check() c
  union all
  -- Each payment brought its bytes once, and nothing else is called a payment.
  select 'payment is not credited as it was paid', coalesce(p.reference, t.reference), p.bytes, e.bytes
  from payment p
  full join (select f.id, f.reference from ledger_transaction f where f.cause = 'payment') t on t.reference = p.reference
  left join ledger_entry e on e.transaction_id = t.id and e.ledger_account_id = p.account_id
  where e.bytes is distinct from p.bytes or p.id is null
  union all
  -- What refunds, disputes and the ends of periods took of an account's payments is what the ledger took.
  select 'what was ' || k.what || ' is not what the ledger says', a.id, coalesce(p.bytes, 0), coalesce(e.bytes, 0)
  from account a
  cross join (values ('taken back', 'refund'), ('expired', 'expiry')) k (what, cause)
  left join (
    select w.account_id, c.cause, sum(case c.cause when 'refund' then w.taken_back_bytes else w.expired_bytes end) as bytes
    from payment w cross join (values ('refund'), ('expiry')) c (cause)
    group by w.account_id, c.cause
  ) p on p.account_id = a.id and p.cause = k.cause
  left join (
    select n.ledger_account_id, t.cause, -sum(n.bytes) as bytes
    from ledger_transaction t join ledger_entry n on n.transaction_id = t.id
    where t.cause in ('refund', 'expiry') group by n.ledger_account_id, t.cause
  ) e on e.ledger_account_id = a.id and e.cause = k.cause
  where coalesce(p.bytes, 0) <> coalesce(e.bytes, 0)
  union all
  -- A batch of the last day billed what it reported of credentials that pay.
  select 'batch is not billed as it was reported', r.gateway_id || '/' || r.boot || '/' || r.seq, u.bytes, e.bytes
  from batch_receipt r
  cross join lateral (
    select coalesce(sum(x.bytes_up + x.bytes_down), 0) as bytes
    from jsonb_to_recordset(r.records) as x (account text, credential text, bytes_up bigint, bytes_down bigint, connections bigint)
    join credential c on c.id = x.credential and c.account_id = x.account
    where not c.test and is_plausible(x.bytes_up, x.bytes_down, x.connections)
  ) u
  left join ledger_entry e on e.transaction_id = r.transaction_id and e.ledger_account_id = 'sys_usage'
  where r.at > now() - interval '1 day' and r.transaction_id is not null and e.bytes is distinct from u.bytes
  union all
  select 'batch is billed and not claimed', t.reference, null, e.bytes
  from ledger_transaction t
  left join ledger_entry e on e.transaction_id = t.id and e.ledger_account_id = 'sys_usage'
  where t.cause = 'batch' and t.at > now() - interval '1 day'
    and not exists (
      select from usage_batch b
      where b.gateway_id = split_part(t.reference, '/', 1) and b.boot = split_part(t.reference, '/', 2)
        and b.seq = split_part(t.reference, '/', 3)::bigint)
    and not exists (
      select from usage_boot k
      where k.gateway_id = split_part(t.reference, '/', 1) and k.boot = split_part(t.reference, '/', 2)
        and k.settled @> split_part(t.reference, '/', 3)::bigint);
$$;
