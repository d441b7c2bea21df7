"""Schools from other programs' files: spreadsheets, NetBox, LibreNMS, Zabbix.

Each source is a module that turns a text into rows for `monitor.config.edit`.

Must not know: the terminal, and how a configuration file is edited.
"""
