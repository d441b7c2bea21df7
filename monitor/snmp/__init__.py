"""How to speak SNMP: codec (bytes), client (sockets), walk (protocol), read (the face).

Must not know: schools, probes, metrics, or anything else outside this package.
"""
