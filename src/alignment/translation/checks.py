"""What looks wrong about a translation to somebody who cannot read it; each finding is for a reader to look at."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

import pandas as pd

from utils import answer_words

COLUMNS = ["statement_id", "language", "reason"]
USUAL = (0.4, 2.5)  # length of a translation, relative to what is typical of all of them
FAR = 0.6  # distance of a back-translation from which on it is listed
FEW = 12  # characters: of so short a text the length says nothing

NUMBER = re.compile(
    r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?=(s)?\b)(?=(?: (thousand|million|billion|trillion))?)"
)
TIMES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
NAME = re.compile(
    r"\b(?=\w*[A-Z]\w*[A-Z])[A-Za-z][\w&+-]*\b|\b[A-Za-z]+\d[\w-]*\b"
)  # NATO, YouTube, G20; not Mary
ORDINARY = re.compile(r"\b[a-z]{4,}\b")
NEGATION = re.compile(
    r"\b(?:not|no|never|nor|neither|none|nobody|nothing|nowhere|without|cannot)\b|n['’]t\b", re.I
)
NOT_ONLY = re.compile(
    r"\bnot only\b|\bno matter\b|\bwhether or not\b|\bnot to mention\b|\bno\.? \d", re.I
)
# Characters that deny in Chinese, and common words that hold one and deny nothing.
DENIES = re.compile("[不没未无無非勿莫别免禁否缺]|拒绝|停止|避免|取消")
DENIES_NOT = re.compile(
    "不同|不断|不仅|不但|不过|不管|不论|无论|非常|非洲|特别|级别|性别|区别|分别|个别|差别|未来|是否|能否|与否|别墅"
)
DIGITS, UNITS = "零一二三四五六七八九", ("", "十", "百", "千")
# What translators usually write for names that stand in Latin letters in English.
WRITTEN = {
    "AI": "人工智能", "EU": "欧盟", "UN": "联合国", "US": "美国", "USA": "美国", "UK": "英国", "NATO": "北约", "TV": "电视",
    "WHO": "世界卫生组织|世卫", "IMF": "国际货币基金", "WTO": "世界贸易组织|世贸", "UBI": "基本收入", "DNA": "DNA|基因",
    "UFO": "不明飞行物", "USSR": "苏联", "PC": "政治正确|电脑", "GMO": "转基因", "GMOs": "转基因", "LGBT": "同性恋|性少数",
    "NGOs": "非政府组织", "MPs": "议员", "CEO": "首席执行官", "CEOs": "首席执行官", "HIV": "艾滋", "AIDS": "艾滋",
}  # fmt: skip


def checks(statements: pd.DataFrame, translated: pd.DataFrame) -> pd.DataFrame:
    """One row a statement, language and finding; placeholders are no translations and are left alone.

    Numbers, names in Latin letters and negations that got lost; text that was not translated; a length far from the
    usual; and, where there is a column back_translation, one that is far from the source or differs in its negations.
    """
    both = translated.merge(
        statements[["statement_id", "text"]], on="statement_id", suffixes=("", "_source")
    )
    both = both[both["translator"] != "simulated"]
    ratio = both["text"].str.len() / both["text_source"].str.len().clip(lower=1)
    relative = ratio / ratio.groupby(both["language"]).transform("median")
    back = (
        both["back_translation"].fillna("")
        if "back_translation" in both
        else pd.Series("", index=both.index)
    )
    found = [
        (row.statement_id, row.language, what)
        for row, length, there in zip(both.itertuples(index=False), relative, back, strict=True)
        for what in findings(row.text_source, row.text, row.language, length, there)
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def findings(
    source: str, text: str, language: str, relative_length: float = 1.0, back: str = ""
) -> list[str]:
    """What looks wrong about one text.

    >>> findings("Do not ban 5 YouTube channels.", "禁止五个频道。", "zh")
    ['a name is lost: YouTube']
    >>> findings("Not all of the 3,000 cars should go.", "所有汽车都应当消失。", "zh")
    ['a number is lost: 3,000', 'a negation may be lost']
    """
    return [
        *(
            ["not translated"]
            if not _is_in(text, language) or _same(source, text)
            else _left_over(source, text)
        ),
        *_listed("a number is lost", lost_numbers(source, text)),
        *_listed("a name is lost", lost_names(source, text)),
        *(
            ["a negation may be lost"]
            if language == "zh" and negations(source) and not _denies(text)
            else []
        ),
        *(
            ["unusual length"]
            if len(source) > FEW and not USUAL[0] < relative_length < USUAL[1]
            else []
        ),
        *(_of_back_translation(source, back) if back else []),
    ]


def lost_numbers(source: str, text: str) -> list[str]:
    """Numbers of the source that the text holds neither in digits nor in Chinese numerals.

    >>> lost_numbers("1.5 million of 300 million people", "3亿人中的150万人")
    []

    >>> lost_numbers("In 2030, 16 of 2,000 schools and 10 % since the 1990s", "2030年，十六所（共两千所）和百分之十，九十年代")
    []
    """
    plain = re.sub(r"(?<=\d)[,，](?=\d{3}(?!\d))", "", text).translate(
        str.maketrans("０１２３４５６７８９．两", "0123456789.二")
    )
    return [
        n[0]
        for n in NUMBER.finditer(source)
        if not any(_holds(plain, way) for way in _ways(n[0], bool(n[1]), n[2]))
    ]


def lost_names(source: str, text: str) -> list[str]:
    """Names that stand in Latin letters (NATO, YouTube, G20) and are in the text neither so nor in their usual form."""
    found = dict.fromkeys(NAME.findall("" if source.isupper() else source))
    return [
        n
        for n in found
        if n.casefold() not in text.casefold() and not re.search(WRITTEN.get(n, r"(?!)"), text)
    ]


def negations(source: str) -> int:
    """How many words of an English text deny.

    >>> negations("Nobody shouldn't vote, not only cats.")
    2
    """
    return len(NEGATION.findall(NOT_ONLY.sub("", source)))


def distance(source: str, back: str) -> float:
    """How far a back-translation is from its source, in words: 0 the same, 1 nothing in common.

    >>> distance("Cats may vote.", "cats may vote"), distance("Cats may vote.", "Dogs bark")
    (0.0, 1.0)
    """
    a, b = (re.findall(r"\w+", t.casefold()) for t in (source, back))
    return round(1 - SequenceMatcher(None, a, b, autojunk=False).ratio(), 3)


def _of_back_translation(source: str, back: str) -> Iterator[str]:
    if (far := distance(source, back)) > FAR:
        yield f"the back-translation is far off ({far:.2f})"
    if bool(negations(source)) != bool(negations(back)):
        yield "the back-translation differs in a negation"


def _listed(what: str, found: list[str]) -> list[str]:
    return [f"{what}: {', '.join(found)}"] if found else []


def _same(source: str, text: str) -> bool:
    return source.strip().casefold() == text.strip().casefold()


def _is_in(text: str, language: str) -> bool:
    """Whether a text has any letter of its language, where these are known and not those of English too."""
    letters = (
        answer_words.words(language)["letters"]
        if language in answer_words.known() and language != "en"
        else r"\w"
    )
    return bool(re.search(f"[{letters}]" if letters != r"\w" else letters, text))


def _left_over(source: str, text: str) -> list[str]:
    """Ordinary words of the source that stand in the text as they were."""
    if not re.search(r"[\u3400-\u9fff]", text):
        return []
    return _listed(
        "left in English",
        [w for w in dict.fromkeys(ORDINARY.findall(text)) if re.search(rf"\b{w}\b", source)],
    )


def _denies(text: str) -> bool:
    return bool(DENIES.search(DENIES_NOT.sub("", text)))


def _holds(text: str, way: str) -> bool:
    """Whether a number stands in a text by itself and not within a longer one."""
    inside = r"\d" if way[0].isdigit() else f"[{DIGITS[1:]}十百千]"
    return bool(re.search(rf"(?<!{inside}){re.escape(way)}(?!{inside})", text))


def _ways(number: str, decade: bool, times: str | None = None) -> Iterator[str]:
    """How a number of an English text may be written in Chinese; the 1990s are also called the 90s, 1.5 million 150万."""
    plain = number.replace(",", "")
    whole = [f"{float(plain) * TIMES[times]:.0f}"] if times else []
    for value in [plain, *whole, *([plain[-2:]] if decade else [])]:
        yield value
        if value.isdigit():
            n = int(value)
            yield from {numeral(n), numeral(n).removeprefix("一") if 10 <= n < 20 else numeral(n)}
            yield from (
                f"{n // unit}{name}"
                for unit, name in ((10**4, "万"), (10**8, "亿"))
                if n and n % unit == 0
            )


def numeral(n: int) -> str:
    """A number in Chinese numerals.

    >>> [numeral(n) for n in (0, 7, 16, 205, 2000, 30050)]
    ['零', '七', '一十六', '二百零五', '二千', '三万零五十']
    """
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if n >= unit:
            rest = n % unit
            gap = "零" if 0 < rest < unit // 10 else ""
            return numeral(n // unit) + name + (gap + numeral(rest) if rest else "")
    digits = [(int(d), len(str(n)) - 1 - i) for i, d in enumerate(str(n))]
    out = "".join(DIGITS[d] + (UNITS[place] if d else "") for d, place in digits)
    return re.sub("零+", "零", out).rstrip("零") or "零"
