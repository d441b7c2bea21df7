"""`schulnetz schema`: the JSON Schema of the configuration.

Must not know: how the schema is made.
"""

from __future__ import annotations

import click

from monitor.cli.output import say_json
from monitor.config.shape.schema import schema as schema_of_configuration


@click.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    say_json(schema_of_configuration())
