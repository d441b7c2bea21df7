"""The kinds of checks: one file each, all with the same interface.

A probe is `async def run(check, context) -> Observation`. It never raises because of the network,
never exceeds its deadline, does not log, retries only what its protocol retries, and has no global
state.
"""
