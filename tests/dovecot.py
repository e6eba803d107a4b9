"""A throw-away Dovecot: own ports, Maildir, a certificate of our own making; and a proxy that cuts or swallows."""

import ipaddress
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient

PASSWORD = "correct-horse-01632"
_START_SECONDS = 20


def program() -> str:
    """Where Dovecot is; skips, saying so, where it is not."""
    found = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("Dovecot is not on this machine (Debian: apt-get install dovecot-imapd)")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def a_certificate(folder: Path, *, host: str = "localhost", ends: timedelta = timedelta(days=1)) -> tuple[Path, Path]:
    """(certificate, key) files, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{host}.pem", folder / f"{host}.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


@dataclass(kw_only=True)
class Dovecot:
    """A running server. Every user exists; mails are put straight into the Maildir."""

    tokeninfo: str = ""
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="heard-dovecot-")))
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None
    _delivered: int = 0

    @property
    def certificate(self) -> Path:
        return self.folder / "localhost.pem"

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)  # its processes run as another user
        a_certificate(self.folder)
        (self.folder / "mail").mkdir(exist_ok=True)
        self._own(self.folder / "mail")
        config = self.folder / "dovecot.conf"
        config.write_text(self._config())
        self._process = subprocess.Popen([program(), "-F", "-c", str(config)], stderr=subprocess.DEVNULL)
        self._await()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
        shutil.rmtree(self.folder)

    def _await(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as talk:
                if b"OK" in talk.recv(200):
                    return
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    @property
    def _owner(self) -> str:
        return "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, "nobody", pwd.getpwnam("nobody").pw_gid)

    def _config(self) -> str:
        user = pwd.getpwnam(self._owner)
        own = f"default_internal_user = {user.pw_name}\ndefault_login_user = {user.pw_name}\n"
        (self.folder / "oauth2.conf").write_text(
            f"tokeninfo_url = {self.tokeninfo}/tokeninfo?access_token=\nusername_attribute = email\n"
        )
        oauth = f"passdb {{\n driver = oauth2\n mechanisms = xoauth2\n args = {self.folder}/oauth2.conf\n}}"
        return f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/log
{own if os.geteuid() else ""}
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{self.certificate}
ssl_key = <{self.folder}/localhost.key
disable_plaintext_auth = no
auth_mechanisms = plain login{" xoauth2" if self.tokeninfo else ""}
auth_failure_delay = 0
auth_cache_size = 0
first_valid_uid = 1
mail_location = maildir:{self.folder}/mail/%u
mail_max_userip_connections = 100
maildir_very_dirty_syncs = no
mailbox_list_index = no
{oauth if self.tokeninfo else ""}
passdb {{
 driver = static
 mechanisms = plain login
 args = password={PASSWORD}
}}
userdb {{
 driver = static
 args = uid={user.pw_uid} gid={user.pw_gid} home={self.folder}/mail/%u
}}
service anvil {{
 unix_listener anvil-auth-penalty {{
  mode = 0
 }}
}}
service imap-login {{
 chroot =
 inet_listener imap {{
  port = {self.port}
 }}
 inet_listener imaps {{
  port = {self.tls_port}
  ssl = yes
 }}
}}
service anvil {{
 chroot =
}}
"""

    def deliver(self, user: str, *mails: bytes, folder: str = "INBOX", when: datetime | None = None) -> None:
        """Put mails into a folder as a delivery agent would. `when` becomes their INTERNALDATE."""
        root = self.folder / "mail" / user
        place = root if folder == "INBOX" else root / f".{folder}"
        for part in (root, place, place / "cur", place / "new", place / "tmp"):
            part.mkdir(exist_ok=True)
            self._own(part)
        for mail in mails:
            self._delivered += 1
            file = place / "tmp" / f"{int(time.time())}.M{self._delivered:08}P1.test"
            file.write_bytes(mail)
            self._own(file)
            if when is not None:
                os.utime(file, (when.timestamp(), when.timestamp()))
            file.rename(place / "new" / file.name)

    def login(self, user: str) -> IMAPClient:
        """A session of somebody else's."""
        client = IMAPClient("127.0.0.1", port=self.port, ssl=False, timeout=20)
        client.login(user, PASSWORD)
        return client

    def count(self, user: str, folder: str = "INBOX") -> int:
        with self.login(user) as client:
            return int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])


@dataclass(kw_only=True)
class Proxy:
    """A TCP proxy. It cuts after `cut_after` bytes from the server; with `swallow` none of them gets through."""

    target: int
    cut_after: int | None = None
    swallow: bool = False
    at: int = 0
    connections: int = 0
    passed: int = 0

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", self.at))
        self.port = int(self._server.getsockname()[1])
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(timeout=10)
        self._end(*self._open)

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            theirs = socket.create_connection(("127.0.0.1", self.target))
            self._open += [ours, theirs]
            threading.Thread(target=self._pass, args=(ours, theirs), daemon=True).start()
            threading.Thread(target=self._answer, args=(theirs, ours, self.cut_after), daemon=True).start()

    def _pass(self, from_: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := from_.recv(65_536):
                to.sendall(data)
        self._end(from_, to)

    def _answer(self, from_: socket.socket, to: socket.socket, left: int | None) -> None:
        with suppress(OSError):
            while data := from_.recv(65_536):
                if self.swallow:
                    continue
                part = data if left is None else data[:left]
                to.sendall(part)
                self.passed += len(part)
                if left is not None:
                    left -= len(part)
                    if left <= 0:
                        break
        self._end(from_, to)

    @staticmethod
    def _end(*sockets: socket.socket) -> None:
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
