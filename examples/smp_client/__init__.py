"""An SMP client: a small market participant that registers assets and a unit, and takes signed batch returns.

It knows the platform's public API only. Read the files in this order: portfolio (what is registered), platform (the
calls), keys (signatures, ours and the platform's), returns (the endpoint that takes batch returns), __main__ (putting
it together).
"""
