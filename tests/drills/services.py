"""Servers that a drill breaks: websites with and without a certificate, and a name server."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.integration.probe_servers import dnsmasq, issue, nginx
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Services:
    """Web servers with and without a certificate, and a name server, which can be broken."""

    folder: Path
    web_port: int = field(default_factory=free_port)
    site_port: int = field(default_factory=free_port)
    dns_port: int = field(default_factory=free_port)
    _statuses: dict[int, int | None] = field(default_factory=dict)
    _web: ExitStack = field(default_factory=ExitStack)
    _dns: ExitStack = field(default_factory=ExitStack)

    def serve_certificate(self, days: float) -> None:
        """Serve with a certificate that expires in this many days, replacing the previous one."""
        issued = issue("127.0.0.1", None, days=days, names=("127.0.0.1",))
        (self.folder / "server.pem").write_bytes(issued.pem)
        (self.folder / "server.key").write_bytes(issued.key_pem)
        self._serve()

    def answer_with(self, port: int, status: int | None) -> None:
        """Answer with a status at a port from now on; None refuses connections there."""
        self._statuses[port] = status
        self._serve()

    def _serve(self) -> None:
        self._web.close()
        secure = (
            f"server {{ listen 127.0.0.1:{self.web_port} ssl; location / {{ return 200 'ok'; }}"
            f" ssl_certificate {self.folder}/server.pem;"
            f" ssl_certificate_key {self.folder}/server.key; }}"
        )
        open_ports = {port: status for port, status in self._statuses.items() if status}
        plain = [
            f"server {{ listen 127.0.0.1:{port}; location / {{ return {status} 'said'; }} }}"
            for port, status in open_ports.items()
        ]
        ports = [self.web_port, *open_ports]
        self._web.enter_context(nginx(self.folder, "\n".join([secure, *plain]), ports))

    def answer_names(self) -> None:
        """Start answering queries."""
        lines = ["address=/schule.example/192.0.2.10"]
        self._dns.enter_context(dnsmasq(self.folder, lines, self.dns_port))

    def refuse_names(self) -> None:
        """Stop answering queries."""
        self._dns.close()

    def close(self) -> None:
        """End both servers."""
        self._web.close()
        self._dns.close()
