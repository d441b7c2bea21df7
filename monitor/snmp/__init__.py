"""The SNMP protocol: codec (bytes), client (sockets), walk (protocol), read (the interface).

Must not know: schools, probes, metrics, or anything else outside this package.
"""
