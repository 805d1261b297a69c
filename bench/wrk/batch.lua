-- Posts 1,000 readings per request, a minute each, no minute twice within a request. The minutes walk
-- back from BENCH_NEWEST, and each block of 1,000 is sent twice: half of all readings create, half replace.
-- Dates and the rest of a reading are prepared once, because the load generator shares the cores.
dofile(os.getenv("BENCH_WRK") .. "/figures.lua")

local newest = tonumber(os.getenv("BENCH_NEWEST"))
local path = os.getenv("BENCH_PATH")
local headers = {
  ["Content-Type"] = "application/json",
  ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN"),
}
local size, day = 1000, 86400
local sent = 0
local starts, endings = {}, {}

for minute = 0, 1439 do
  endings[minute] = string.format(
    'T%02d:%02d:00Z","powerKw":%.1f}', math.floor(minute / 60), minute % 60, -(minute % 500) / 2)
end

local function start_of(date)
  if not starts[date] then
    starts[date] = '{"meterableUnitId":"MU-1001","timestamp":"' .. os.date("!%Y-%m-%d", date * day)
  end
  return starts[date]
end

function request()
  local at = newest - 60 * size * math.floor(sent / 2)
  sent = sent + 1
  local readings = {}
  for i = 1, size do
    local date = math.floor(at / day)
    readings[i] = start_of(date) .. endings[(at - date * day) / 60]
    at = at - 60
  end
  return wrk.format("POST", path, headers, "[" .. table.concat(readings, ",") .. "]")
end
