"""The hash that stands for a text where the text itself may not stand."""

from hashlib import sha256


def replace_half_characters(text: str) -> str:
    """Return a text in which half a surrogate pair, which no file can hold, is U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def content_hash(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a text in UTF-8.

    The hash shows that a text has changed, not what it says.

    >>> content_hash("Cats should be allowed to vote.")
    '162e4a4eabee1433'
    """
    return sha256(replace_half_characters(text).encode("utf-8")).hexdigest()[:16]
