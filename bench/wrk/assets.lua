-- Posts one batch of assets per request, from the file BENCH_BODY: each @RUN@ in it becomes a word that no
-- other request of the run has, so that no reference is sent twice. The body is cut up once; a request only
-- puts it together again, because the load generator shares the cores.
dofile(os.getenv("BENCH_WRK") .. "/figures.lua")

local path = os.getenv("BENCH_PATH")
local headers = {
  ["Content-Type"] = "application/json",
  ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN"),
}
local run = os.getenv("BENCH_NEWEST")
local sent = 0
local pieces = {}

local file = io.open(os.getenv("BENCH_BODY"))
local text = file:read("*a")
file:close()
local from = 1
while true do
  local first, last = text:find("@RUN@", from, true)
  pieces[#pieces + 1] = text:sub(from, first and first - 1)
  if not first then break end
  from = last + 1
end

function request()
  sent = sent + 1
  return wrk.format("POST", path, headers, table.concat(pieces, run .. "-" .. sent))
end
