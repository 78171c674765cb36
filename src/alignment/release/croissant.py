"""Croissant metadata (MLCommons, version 1.0), by which catalogues and loaders read a table."""

import hashlib

import pandas as pd
from pandas.api.types import is_numeric_dtype

VERSION = "http://mlcommons.org/croissant/1.0"
ALIASES = """
citeAs column equivalentProperty extract field fileObject fileProperty fileSet format includes
isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace
samplingRate separator source subField transform
"""
# The prefixes and aliases that the Croissant format gives; a reader refuses a file without them.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in ALIASES.split()},
}


def make_metadata(
    about: dict, name: str, csv: bytes, data: pd.DataFrame, columns: dict[str, str]
) -> dict:
    """Return the metadata of a data set of one table: the file `name` with content `csv`.

    `about`: what the format requires of a data set (name, description, license, url, creator,
    datePublished), and more. `columns`: their meanings.
    """
    file = {"@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": name}
    file |= {"encodingFormat": "text/csv", "contentSize": f"{len(csv)} B"}
    file |= {"sha256": hashlib.sha256(csv).hexdigest()}
    records = {"@type": "cr:RecordSet", "@id": "labels", "name": "labels"}
    records |= {
        "description": "One row per statement and dimension.",
        "key": [{"@id": "labels/statement_id"}, {"@id": "labels/dimension"}],
        "field": [_field(c, meaning, data[c], name) for c, meaning in columns.items()],
    }
    head = {"@context": CONTEXT, "@type": "sc:Dataset", "conformsTo": VERSION}
    return head | about | {"distribution": [file], "recordSet": [records]}


def _field(column: str, meaning: str, values: pd.Series, file: str) -> dict:
    source = {"fileObject": {"@id": file}, "extract": {"column": column}}
    head = {"@type": "cr:Field", "@id": f"labels/{column}", "name": column, "description": meaning}
    whole = is_numeric_dtype(values) and values.dropna().mod(1).eq(0).all()
    kind = "sc:Integer" if whole else "sc:Float" if is_numeric_dtype(values) else "sc:Text"
    return head | {"dataType": kind, "source": source}
