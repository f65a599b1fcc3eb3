-- What lets a Worker answer many gateways from one look at the feed.

-- The place of the fleet's record. It moves whenever a gateway is enrolled or revoked: while it stands, every token that was good is good.
create function fleet_place() returns text
language sql stable as $$
  select version || '.' || seq from feed_record where kind = 'fleet' and id = 'fleet';
$$;

-- What each gateway has open of limited credentials, as JSON: [token digest, credential, account, tunnels], those with most
-- first. A gateway that has not been heard of for a while has none that count.
create function tunnels_by_gateway() returns text
language sql stable as $$
  select coalesce(json_agg(json_build_array(e.token_digest, e.credential, e.account, e.tunnels)), '[]')::text
  from (
    select g.token_digest, l.credential, l.account, l.tunnels
    from gateway g
    join gateway_tunnels t on t.gateway_id = g.id
    cross join jsonb_to_recordset(t.lines) as l (credential text, account text, tunnels bigint)
    where g.revoked_at is null and t.said_at > now() - interval '15 seconds'
    order by 4 desc, 2
    limit 20000
  ) e;
$$;

drop function tunnels_elsewhere(text);
