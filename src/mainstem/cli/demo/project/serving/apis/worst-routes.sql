/* ---
title: The worst five routes of a day
owner: data-platform
needs: [plan-crews]
params:
  day: {type: date, required: true}
key: [place]
--- */
select place, route, flights, late, cancelled, p90_delay, cause
from marts.worst_routes
where flight_date = $day
order by place
