/* ---
description: The five worst routes of each day, with the cause that most of their late departures share.
kind: view
--- */
with ranked as (
  -- A route with one flight would often lead the list; a tie is broken always in the same way.
  select
    *,
    row_number() over (
      partition by flight_date order by p90_delay desc, cancelled desc, flights desc, origin, dest
    ) as place
  from marts.route_delays
  where flights >= 3
),
causes as (
  select
    flight_date,
    origin,
    dest,
    cause,
    row_number() over (partition by flight_date, origin, dest order by departures desc, cause) as place
  from marts.delay_causes
)
select
  ranked.flight_date,
  ranked.place,
  ranked.origin || '-' || ranked.dest as route,
  ranked.flights,
  ranked.cancelled,
  ranked.late,
  ranked.p90_delay,
  causes.cause
from ranked
left join causes
  on causes.flight_date = ranked.flight_date
  and causes.origin = ranked.origin
  and causes.dest = ranked.dest
  and causes.place = 1
where ranked.place <= 5
