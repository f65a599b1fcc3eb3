-- The feed: what gateways follow, in the order in which it became readable.
--
-- A record's place is (version, seq): the transaction that wrote it last, and a sequence within it. A reader stops below
-- the oldest transaction that is still in flight, so that one that commits late is never skipped.

-- Writes a record, unless it is what the feed has already. Locks its row until the transaction ends, so it comes last.
create function feed_publish(p_kind text, p_id text, p_body jsonb) returns void
language sql as $$
  insert into feed_record as r (kind, id, body)
  values (p_kind, p_id, jsonb_build_object('kind', p_kind, 'id', p_id) || p_body)
  on conflict (kind, id) do update
    set version = pg_current_xact_id(), seq = nextval('feed_record_seq'), body = excluded.body, tombstone = false
    where r.body <> excluded.body;
$$;

-- Says that a record is gone.
create function feed_bury(p_kind text, p_id text) returns void
language sql as $$
  update feed_record
    set version = pg_current_xact_id(), seq = nextval('feed_record_seq'), tombstone = true,
      body = jsonb_build_object('kind', 'tombstone', 'of', p_kind, 'id', p_id)
    where kind = p_kind and id = p_id and not tombstone;
$$;

-- Removes a record that gateways already ignore by its own time.
create function feed_forget(p_kind text, p_id text) returns void
language sql as $$
  delete from feed_record where kind = p_kind and id = p_id and not tombstone;
$$;

-- A moment as it stands on every wire: RFC 3339 in UTC.
create function wire_time(p_at timestamptz) returns text
language sql stable strict parallel safe
return to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

-- One page after a place, for the gateway that a token belongs to; no row for an unknown or revoked one.
--
-- A page from the start leaves tombstones out. The last page ends at the head, which may lie behind records it left out.
-- `issued_at` is by the database's clock, since pages of one gateway may come from Workers whose clocks differ.
-- `ahead`: the place asked for is not one of this database, which was then restored to an earlier state.
-- Cost: an index range; what is returned is already the JSON of the records.
create function feed_page(p_token_digest text, p_since text, p_limit integer)
returns table (epoch integer, issued_at text, to_place text, head_place text, records text, ahead boolean)
language plpgsql as $$
declare
  v_gateway text;
  v_version xid8 := split_part(p_since, '.', 1)::xid8;
  v_seq bigint := coalesce(nullif(split_part(p_since, '.', 2), ''), '0')::bigint;
begin
  select id into v_gateway from gateway where token_digest = p_token_digest and revoked_at is null;
  if not found then
    return;
  end if;

  -- Now and then only: a poll that finds nothing should write nothing.
  insert into gateway_feed as f (gateway_id, cursor, seen_at)
  select v_gateway, p_since, now()
  where not exists (select from gateway_feed g where g.gateway_id = v_gateway and g.seen_at > now() - interval '5 seconds')
  on conflict (gateway_id) do update set cursor = excluded.cursor, seen_at = excluded.seen_at;

  -- One statement, so that one snapshot decides what is readable and what is read.
  return query
  with bound as materialized (
    select pg_snapshot_xmin(pg_current_snapshot()) as readable
  ), page as materialized (
    select r.version, r.seq, r.body
    from feed_record r
    where (r.version, r.seq) > (v_version, v_seq)
      and r.version < (select readable from bound)
      and (not r.tombstone or v_version > '0'::xid8)
    order by r.version, r.seq
    limit p_limit
  ), head as (
    select r.version, r.seq from feed_record r
    where r.version < (select readable from bound)
    order by r.version desc, r.seq desc
    limit 1
  ), places as (
    select
      -- What is behind the place asked for may have been removed since.
      case when (h.version, h.seq) > (v_version, v_seq) then h.version || '.' || h.seq else p_since end as head,
      (select count(*) from page) = p_limit as is_full,
      (select p.version || '.' || p.seq from page p order by p.version desc, p.seq desc limit 1) as last
    from (select) as always left join head h on true
  )
  select f.epoch, wire_time(clock_timestamp()),
    case when places.is_full then places.last else places.head end,
    places.head,
    coalesce((select string_agg(p.body::text, ',' order by p.version, p.seq) from page p), ''),
    v_version >= (select readable from bound)
  from places, fleet f;
end;
$$;

-- The fleet. Whoever changes what its record says locks its row first, so that the count is right.
create function publish_fleet() returns trigger
language plpgsql as $$
declare
  v_fleet fleet;
begin
  select * into v_fleet from fleet for no key update;
  perform feed_publish('fleet', v_fleet.id, jsonb_build_object(
    'size', (select count(*) from gateway where revoked_at is null),
    'policy', v_fleet.policy,
    'maintenance', v_fleet.maintenance));
  return null;
end;
$$;

create trigger fleet_publish after insert or update on fleet
  for each row execute function publish_fleet();
create trigger gateway_publish after insert or update of revoked_at on gateway
  for each row execute function publish_fleet();

insert into fleet (policy) values ('{"ports": [80, 443, 8080, 8443], "allow": [], "own_addresses": []}');

create function publish_exit() returns trigger
language plpgsql as $$
begin
  if new.dropped_at is not null then
    perform feed_bury('exit', new.id);
  else
    perform feed_publish('exit', new.id, jsonb_build_object(
      'network', new.network, 'country', new.country, 'state', new.state, 'city', new.city, 'asn', new.asn,
      'exit_ip', new.exit_ip, 'transport', new.transport, 'purity', new.purity, 'grade', new.grade,
      'seals', new.seals, 'weight', new.weight, 'expires_at', wire_time(new.expires_at)));
  end if;
  return null;
end;
$$;

create trigger exit_publish after insert or update on exit
  for each row execute function publish_exit();

create function publish_node() returns trigger
language plpgsql as $$
begin
  if tg_op <> 'DELETE' then
    perform feed_publish('node', new.account_id || '/' || new.session, jsonb_build_object(
      'account', new.account_id, 'session', new.session, 'exit', new.exit_id, 'generation', new.generation,
      'expires_at', wire_time(new.expires_at)));
  elsif old.expires_at > now() then
    perform feed_bury('node', old.account_id || '/' || old.session);
  else
    perform feed_forget('node', old.account_id || '/' || old.session);
  end if;
  return null;
end;
$$;

create trigger node_publish after insert or update or delete on node
  for each row execute function publish_node();
