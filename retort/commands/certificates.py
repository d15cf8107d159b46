"""The options of a connection over TLS, which two commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PANEL = "Connections"
CaFile = Annotated[
    Path | None,
    typer.Option("--tls-ca-file", help="The authority that signed the certificates.", rich_help_panel=PANEL),
]
Certificate = Annotated[
    Path | None, typer.Option("--tls-cert", help="This machine's certificate.", rich_help_panel=PANEL)
]
Key = Annotated[
    Path | None,
    typer.Option("--tls-key", help="Its key. Dask's configuration may name these.", rich_help_panel=PANEL),
]
Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure",
        help="Allow plain TCP to another machine: whoever reaches the port can run any code as you.",
        rich_help_panel=PANEL,
    ),
]
