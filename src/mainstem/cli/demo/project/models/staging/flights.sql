/* ---
description: Flights as this project speaks of them. What "cancelled" and "late" mean is said here, once.
kind: incremental
key: [flight_id]
time_column: flight_date
columns:
  scheduled_at: {description: New York local time}
  departed_at: {description: New York local time; none if cancelled}
  time_hour: {description: The scheduled hour as an instant; weather is joined by it}
  late: {description: Left 15 minutes late or more or was cancelled}
checks:
  - not_null: [flight_date, scheduled_at, origin, dest, late]
  - unique: [flight_id]
  - id: clocks_agree               # schedule and delay give the time on the board, past midnight too
    expression: departed_at is null or hour(departed_at) * 100 + minute(departed_at) = dep_time % 2400
  - id: carrier_known
    relationships: {column: carrier, to: reference.airlines}
  - id: plane_known                # 721 tail numbers of 2013 are in no register
    relationships: {column: tailnum, to: operations.planes}
    severity: warning
  - id: airport_known              # nor are BQN, PSE, SJU and STT in the list of airports
    relationships: {column: dest, to: reference.airports, field: faa}
    severity: warning
--- */
select
  flight_id,
  flight_date,
  carrier,
  flight,
  tailnum,
  origin,
  dest,
  time_hour,
  make_timestamp(year, month, day, hour, minute, 0) as scheduled_at,
  make_timestamp(year, month, day, hour, minute, 0) + to_minutes(dep_delay) as departed_at,
  dep_time,
  dep_delay,
  arr_delay,
  dep_time is null as cancelled,
  dep_time is null or dep_delay >= 15 as late
from operations.flights
