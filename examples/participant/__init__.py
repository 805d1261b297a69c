"""A reference participant: a small FSP (Flexibility Service Provider) that knows the platform's public API only.

Read the files in this order: battery (what is dispatched), instructions (what the platform sends us), fleet (obeying
it), readings (what we send the platform), server (the endpoint), __main__ (putting it together).
"""
