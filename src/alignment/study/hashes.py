"""The hash that stands for a text where the text itself may not stand."""

from hashlib import sha256


def content_hash(text: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a text in UTF-8: says that a text changed, not what it says.

    >>> content_hash("Cats should be allowed to vote.")
    '162e4a4eabee1433'
    """
    return sha256(whole_characters(text).encode("utf-8")).hexdigest()[:16]


def whole_characters(text: str) -> str:
    """Half a surrogate pair cannot be written to any file; it becomes the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
