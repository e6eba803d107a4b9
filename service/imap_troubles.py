"""What goes wrong with an IMAP server, as sentences for a person."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from service.sources import Trouble

_NOT_READABLE = (ValueError, LookupError, TypeError, AssertionError)
"""What IMAPClient's parser raises on an answer that breaks the protocol."""


@contextmanager
def spoken(what: str) -> Iterator[None]:
    """Troubles as sentences that hold nothing the server said but a code of RFC 5530: it may quote a mail."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Trouble(f"{what}: its certificate is not trusted ({error.verify_message}).") from None
    except TimeoutError:
        raise Trouble(f"{what}: no answer in time.") from None
    except OSError as error:
        raise Trouble(f"{what}: {error.strerror or type(error).__name__}.") from None
    except IMAPClientAbortError:
        raise Trouble(f"{what}: the connection was cut.") from None
    except IMAPClientError as error:
        raise Trouble(f"{what}: the server refused{code_of(error)}.") from None
    except _NOT_READABLE as error:
        raise Trouble(f"{what}: its answer cannot be read ({type(error).__name__}).") from None


def code_of(error: IMAPClientError) -> str:
    """The response code of RFC 5530 in brackets, or nothing."""
    found = re.search(r"\[([A-Z]{2,40})\]", str(error))
    return f" ({found[1]})" if found else ""
