ALTER TABLE "gateway_tunnels" ADD COLUMN "parts" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "gateway_tunnels" DROP COLUMN "lines";--> statement-breakpoint

-- Every gateway that looks at the feed is told what the others have open. It is put into words once, when a gateway says it,
-- and only strung together at each look: 5,000 lines were made into JSON at every one of them.

-- What is told of the tunnels of a gateway, those with most first: JSON of [token digest, credential, account, tunnels],
-- joined by commas, a hundred to a part. Of credentials whose threads are limited, by themselves or by their account; nobody
-- asks for the others.
create function tunnels_told(p_gateway text, p_open jsonb) returns text[]
language sql stable as $$
  select coalesce(array_agg(p.part order by p.place), '{}')
  from (
    select l.place, string_agg(l.line, ',') as part
    from (
      select (row_number() over (order by o.tunnels desc, c.id) - 1) / 100 as place,
        json_build_array(g.token_digest, c.id, c.account_id, o.tunnels)::text as line
      from jsonb_to_recordset(p_open) as o (credential text, tunnels bigint)
      join credential c on c.id = o.credential
      join account a on a.id = c.account_id
      join gateway g on g.id = p_gateway
      left join api_key k on k.id = c.id
      left join sub_user s on s.id = c.id
      where o.tunnels > 0 and is_plausible(o.tunnels)
        and (a.threads is not null or a.plan_threads is not null or k.limits ? 'threads' or s.limits ? 'threads')
    ) l
    group by l.place
  ) p;
$$;

-- What each gateway has open of limited credentials, as JSON: [token digest, credential, account, tunnels]; where that is
-- more than 2 MB (some 20,000 lines), those of which the gateways have most. A gateway that has not been heard of for a while
-- has none that count.
create or replace function tunnels_by_gateway() returns text
language sql stable as $$
  select '[' || coalesce(string_agg(p.part, ','), '') || ']'
  from (
    select t.part, sum(octet_length(t.part)) over (order by t.place, t.gateway_id) as so_far
    from (
      select u.part, u.place, g.id as gateway_id
      from gateway g
      join gateway_tunnels t on t.gateway_id = g.id
      cross join unnest(t.parts) with ordinality as u (part, place)
      where g.revoked_at is null and t.said_at > now() - interval '15 seconds'
    ) t
  ) p
  where p.so_far <= 2000000;
$$;

-- What gateways say of their dials, where they pinned sessions, the tunnels they have open, and from where credentials
-- were used. A pin loses against one of a later generation, and
-- against the end of a node that came after the window of its batch had begun: it may be older than that end. Of a credential the first 1,000 addresses are remembered and told of.
create or replace function note_reports(p_gateway text, p_body jsonb, p_now timestamptz) returns void
language plpgsql as $$
declare
  c_sources constant integer := 1000;
  v_source record;
  v_opened_at timestamptz;
begin
  if p_body -> 'exits' <> '[]' then
    insert into exit_dial as d (hour, exit_id, gateway_id, dials, failures, latency_ms)
    select date_trunc('hour', p_now, 'UTC'), x.id, p_gateway, sum(x.dials), sum(x.failures), sum(x.latency_ms)
    from jsonb_to_recordset(p_body -> 'exits') as x (id text, dials bigint, failures bigint, latency_ms bigint)
    where exists (select from exit e where e.id = x.id) and is_plausible(x.dials, x.failures, x.latency_ms)
    group by x.id
    on conflict (hour, exit_id, gateway_id) do update
      set dials = d.dials + excluded.dials, failures = d.failures + excluded.failures,
        latency_ms = d.latency_ms + excluded.latency_ms;
  end if;
  if p_body -> 'pins' <> '[]' then
    v_opened_at := case when pg_input_is_valid(p_body ->> 'opened_at', 'timestamptz')
      then least(p_now, (p_body ->> 'opened_at')::timestamptz) else p_now end;
    insert into node as n (account_id, session, exit_id, generation, expires_at)
    select distinct on (p.account, p.session) p.account, p.session, p.exit, p.generation::integer, p.expires_at::timestamptz
    from jsonb_to_recordset(p_body -> 'pins') as p (account text, session text, exit text, generation bigint, expires_at text)
    where exists (select from account a where a.id = p.account) and exists (select from exit e where e.id = p.exit)
      and p.generation < 2147483647 and pg_input_is_valid(p.expires_at, 'timestamptz')
    order by p.account, p.session, p.generation desc, p.expires_at desc
    on conflict (account_id, session) do update
      set exit_id = excluded.exit_id, generation = excluded.generation, expires_at = excluded.expires_at
      where n.expires_at <= v_opened_at
        or excluded.generation > n.generation
        or excluded.generation = n.generation and excluded.exit_id = n.exit_id and excluded.expires_at > n.expires_at;
  end if;
  insert into gateway_tunnels as t (gateway_id, parts, said_at)
  values (p_gateway, tunnels_told(p_gateway, p_body -> 'open'), p_now)
  on conflict (gateway_id) do update set parts = excluded.parts, said_at = excluded.said_at;
  if p_body ? 'sources' then
    for v_source in
      insert into credential_source (credential_id, source)
      select distinct s.credential, s.source_ip
      from jsonb_to_recordset(p_body -> 'sources') as s (credential text, source_ip text)
      join credential c on c.id = s.credential and c.kind in ('key', 'sub_user')
      where (select count(*) from credential_source o where o.credential_id = s.credential) < c_sources
      order by s.credential, s.source_ip
      on conflict do nothing
      returning credential_id, source
    loop
      perform publish_event(c.account_id, 'key.new_source_ip', jsonb_build_object(
        'credential_id', c.id, 'source_ip', v_source.source,
        'first', not exists (
          select from credential_source o where o.credential_id = c.id and o.source <> v_source.source)))
      from credential c where c.id = v_source.credential_id;
    end loop;
  end if;
end;
$$;

drop function limited_tunnels(jsonb);
