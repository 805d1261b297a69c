-- The plain GET of the address on the command line.
dofile(os.getenv("BENCH_WRK") .. "/figures.lua")
