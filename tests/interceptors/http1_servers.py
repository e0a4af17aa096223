"""In front of the provider: TLS that ends here, and a proxy that answers CONNECT."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest


class _Listener:
    """A listening socket; each connection gets a thread, and is closed at the end."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.authority = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.accepted = 0
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.accepted += 1
                self._open.append(connection)
                threading.Thread(target=self._serve_quietly, args=(connection,), daemon=True).start()

    def _serve_quietly(self, connection):
        with suppress(OSError):
            self.serve(connection)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def relay(self, near, port):
        far = socket.create_connection(("127.0.0.1", port))
        self._open += [near, far]
        threading.Thread(target=_pump, args=(far, near), daemon=True).start()
        _pump(near, far)


class Tunnel(_Listener):
    """Answers CONNECT; `asked` are the authorities."""

    def __init__(self):
        self.asked = []
        super().__init__()
        self.url = f"http://{self.authority}"

    def serve(self, connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        authority = head.split(b" ")[1].decode()
        self.asked.append(authority)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        self.relay(connection, int(authority.rpartition(":")[2]))


class _TlsFront(_Listener):
    def __init__(self, context, port):
        self._context, self._port = context, port
        super().__init__()
        self.url = f"https://{self.authority}"

    def serve(self, connection):
        self.relay(self._context.wrap_socket(connection, server_side=True), self._port)


@contextmanager
def tls_front(provider, folder):
    """The provider, reached over TLS with a certificate for 127.0.0.1."""
    with _TlsFront(server_context(folder), provider.port) as front:
        yield front


def server_context(folder):
    _certify(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def client_context(folder):
    """Trusts that certificate."""
    return ssl.create_default_context(cafile=folder / "cert.pem")


def _certify(folder):
    x509 = pytest.importorskip("cryptography.x509", reason="needs cryptography")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))


def _pump(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
