/* ---
description: Departure delay by route and day.
kind: incremental                  # only the days and routes that a night has touched
key: [flight_date, origin, dest]
time_column: flight_date
columns:
  late: {description: Departures 15 minutes late or more and cancelled ones}
  p90_delay: {description: "90th percentile of departure delay in minutes; a cancelled flight counts as a day, 1440"}
  late_arrivals: {description: Arrivals 15 minutes late or more as far as they are known}
checks:
  - not_null: [flight_date, origin, dest, p90_delay]
  - unique: [flight_date, origin, dest]
  - row_count: {at_least: 100}     # on the quietest day of 2013 there were 151 routes
--- */
select
  flight_date,
  origin,
  dest,
  count(*) as flights,
  count(*) filter (where cancelled) as cancelled,
  count(*) filter (where late) as late,
  -- A quantile ignores NULL: left alone, cancelled flights would make the worst mornings look fine.
  quantile_disc(coalesce(dep_delay, 1440), 0.9) as p90_delay,
  count(*) filter (where arr_delay >= 15) as late_arrivals
from staging.flights
group by flight_date, origin, dest
