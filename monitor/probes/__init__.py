"""The kinds of checks: one file each, all with the same face.

A probe is `async def run(check, context) -> Observation`. It never raises for what a network
can do, never outlives its deadline, logs nothing, retries nothing that its protocol does not
retry, and owns no global state.
"""
