"""A client of a running `plugcli serve`: requests, replies, their events, and a plain sentence for each way they fail."""

from plugcli.client.client import REFUSAL_BYTES, Client, Refused, Reply
from plugcli.client.patience import Patience

__all__ = ["REFUSAL_BYTES", "Client", "Patience", "Refused", "Reply"]
