"""Certificates made for one test, by the openssl that every Linux has, and servers' TLS with them."""

import ssl
import subprocess
import warnings
from pathlib import Path

# Python 3.13 takes no certificate for its own authority without these (RFC 5280).
_OF_AN_AUTHORITY = """\
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
"""


def certificate(folder: Path, *names: str, days: int = 2) -> Path:
    """A certificate for `names` that signs itself, and its key beside it; expired if `days` are negative."""
    folder.mkdir()
    alternatives = ",".join(f"DNS:{name}" for name in names)
    (folder / "extensions").write_text(f"subjectAltName={alternatives}\n{_OF_AN_AUTHORITY}")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"]
    _openssl(folder, "req", "-new", *key, "-out", "request.pem", "-subj", f"/CN={names[0]}")
    signing = ["-req", "-in", "request.pem", "-signkey", "key.pem", "-days", str(days)]
    _openssl(folder, "x509", *signing, "-extfile", "extensions", "-out", "certificate.pem")
    return folder / "certificate.pem"


def tls(certificate: Path, *, is_old: bool = False) -> ssl.SSLContext:
    """The TLS of a server with `certificate`; `is_old` speaks nothing newer than TLS 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if is_old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is too old is the point
            context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return context


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
