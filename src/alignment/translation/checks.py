"""What looks wrong about a translation to somebody who cannot read it: hints for a reader."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

import numpy as np
import pandas as pd

from utils import answer_words

COLUMNS = ["statement_id", "language", "reason"]
WINDOW, TOGETHER = 20, 0.45  # statements in a row whose lengths go together, and how far
USUAL = (0.4, 2.5)  # length of a translation, relative to what is typical of all of them
FAR = 0.6  # distance of a back-translation from which on it is listed
FEW = 12  # characters: of so short a text the length says nothing

NUMBER = re.compile(
    r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?"
    r"(?=(s)?\b)(?=(?: (thousand|million|billion|trillion))?)"
)
TIMES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
# NATO, YouTube, G20; not Mary
NAME = re.compile(r"\b(?=\w*[A-Z]\w*[A-Z])[A-Za-z][\w&+-]*\b|\b[A-Za-z]+\d[\w-]*\b")
ORDINARY = re.compile(r"\b[a-z]{4,}\b")
NEGATION = re.compile(
    r"\b(?:not|no|never|nor|neither|none|nobody|nothing|nowhere|without|cannot)\b|n['’]t\b", re.I
)
NO_NEGATION = re.compile(
    r"\bnot only\b|\bno matter\b|\bwhether or not\b|\bnot to mention\b|\bno\.? \d", re.I
)
# Characters that deny in Chinese, and common words that hold one and deny nothing.
DENIAL = re.compile("[不没未无無非勿莫别免禁否缺]|拒绝|停止|避免|取消")
NO_DENIAL = re.compile(
    "不同|不断|不仅|不但|不过|不管|不论|无论|非常|非洲|特别|级别|性别|区别|分别|个别|差别|未来|"
    "是否|能否|与否|别墅|国别|罢免|免职|无人驾驶"
)
# What may stand behind a Chinese denial in English: a negation, or a word that denies by itself.
DENIES = re.compile(
    NEGATION.pattern + r"|\b(?:ban|prohibit|forbid|forbidden|abolish|outlaw|stop|end|refus|avoid|"
    r"prevent|exempt|free|lack|absen|fail|reject|oppos|against|illegal|illegitim|only|unless|until|"
    r"rather|instead|than|hardly|few|little|less|\w+less|wrong|danger|harm|un\w{3}|in\w{4}|"
    r"im\w{4}|ir\w{4}|dis\w{3}|non|out of|away|remov|scrap|drop|cut|ceas|halt|rid of|leave|keep)",
    re.I,
)
# That something should be: a modal, in English and in Chinese.
MUST = re.compile(
    r"\b(?:(?:should|ought|must|shall|need)(?:n['’]t)?|needs|has to|have to|had better|"
    r"requir\w+|mandatory|compulsory|obliged|obligat\w+|duty|deserves?|let)\b",
    re.I,
)
OUGHT = re.compile(r"\b(?:should|ought|must|shall)(?:n['’]t)?\b", re.I)
IN_CHINESE = re.compile("应|该|必|须|需|要|得|宜|当|让|强制|义务|值得")
CLEARLY = re.compile("应当|应该|必须|(?<![反响回对相供适])应(?!对|用|急|付|届|酬|激|变|聘)")
DIGITS, UNITS = "零一二三四五六七八九", ("", "十", "百", "千")
# What translators usually write for names that stand in Latin letters in English.
WRITTEN = {
    "AI": "人工智能", "EU": "欧盟", "UN": "联合国", "US": "美国", "USA": "美国", "UK": "英国",
    "NATO": "北约", "TV": "电视", "WHO": "世界卫生组织|世卫", "IMF": "国际货币基金",
    "WTO": "世界贸易组织|世贸", "UBI": "基本收入", "DNA": "DNA|基因", "UFO": "不明飞行物",
    "USSR": "苏联", "PC": "政治正确|电脑", "GMO": "转基因", "GMOs": "转基因",
    "LGBT": "同性恋|性少数", "NGOs": "非政府组织", "MPs": "议员", "CEO": "首席执行官",
    "CEOs": "首席执行官", "HIV": "艾滋", "AIDS": "艾滋",
}  # fmt: skip


UNSPOILT = "none: the texts as they are"
SPOILT = {
    UNSPOILT: lambda texts: texts,
    "each beside the next statement": lambda texts: pd.Series(np.roll(texts, 1), texts.index),
    "a negation (不, 没, 未) left out": lambda texts: texts.str.replace(
        "[不没未]", "", n=1, regex=True
    ),
    "a negation (不) put in": lambda texts: texts.str.replace(
        "应当|应该", "不\\g<0>", n=1, regex=True
    ),
    "should (应当, 应该) left out": lambda texts: texts.str.replace(
        "应当|应该", "", n=1, regex=True
    ),
    "half of the text left out": lambda texts: texts.map(lambda text: text[: len(text) // 2]),
}


def check_translations(statements: pd.DataFrame, translated: pd.DataFrame) -> pd.DataFrame:
    """Return one row per statement, language and finding (`COLUMNS`).

    Numbers, names in Latin letters and negations that are lost; text that was not translated; an
    unusual length; and, where there is a column back_translation, one that is far from the source
    or differs in its negations. Placeholders are no translations and are left alone.
    """
    both = _beside(statements, translated)
    if both.empty:
        return pd.DataFrame(columns=COLUMNS, dtype="str")
    ratio = both["text"].str.len() / both["text_source"].str.len().clip(lower=1)
    both["relative"] = ratio / ratio.groupby(both["language"]).transform("median")
    both["back"] = both["back_translation"].fillna("") if "back_translation" in both else ""
    rows = []
    for row in both.itertuples(index=False):
        reasons = find_faults(row.text_source, row.text, row.language, row.relative, row.back)
        rows += [(row.statement_id, row.language, reason) for reason in reasons]
    return pd.DataFrame(rows, columns=COLUMNS)


def measure_order(statements: pd.DataFrame, translated: pd.DataFrame) -> pd.DataFrame:
    """Return how far lengths of statements and translations go together, by language.

    Columns: language; correlation of the log lengths over all; `shifted`, the same with each text
    beside the next statement; `least`, in any WINDOW statements in a row. Where `least` is below
    TOGETHER, texts may stand beside the wrong statements: of texts at random 97 % lie below it.
    """
    both, rows = _beside(statements, translated), []
    for language, texts in both.groupby("language", sort=False):
        source, text = (np.log1p(texts[c].str.len().to_numpy()) for c in ("text_source", "text"))
        windows = [slice(i, i + WINDOW) for i in range(max(len(texts) - WINDOW, 0) + 1)]
        least = min((_correlate(source[w], text[w]) for w in windows), default=np.nan)
        rows.append(
            (language, _correlate(source, text), _correlate(source, np.roll(text, 1)), least)
        )
    return pd.DataFrame(rows, columns=["language", "correlation", "shifted", "least"])


def measure_sight(statements: pd.DataFrame, translated: pd.DataFrame) -> pd.DataFrame:
    """Return what the checks find when Chinese texts are spoilt: fault, texts that have it, found.

    A text counts as found when it is flagged for anything; the first row has the texts as they are.
    """
    own = translated[(translated["language"] == "zh") & (translated["translator"] != "simulated")]
    rows = []
    for fault, spoil in SPOILT.items():
        texts = spoil(own["text"])
        spoilt = own[own["text"] != texts] if fault != UNSPOILT else own
        found = check_translations(statements, own.assign(text=texts))["statement_id"]
        rows.append((fault, len(spoilt), int(spoilt["statement_id"].isin(found).sum())))
    return pd.DataFrame(rows, columns=["fault", "texts", "found"])


def _correlate(a: np.ndarray, b: np.ndarray) -> float:
    few = len(a) < 3 or not np.std(a) or not np.std(b)
    return np.nan if few else float(np.corrcoef(a, b)[0, 1])


def _beside(statements: pd.DataFrame, translated: pd.DataFrame) -> pd.DataFrame:
    """Return the translations that are none by placeholder, each beside its statement."""
    both = translated.merge(
        statements[["statement_id", "text"]], on="statement_id", suffixes=("", "_source")
    )
    return both[both["translator"] != "simulated"].copy()


def find_faults(
    source: str, text: str, language: str, relative_length: float = 1.0, back: str = ""
) -> list[str]:
    """Return what looks wrong about one text; `back` is its back-translation, if there is one.

    >>> find_faults("Do not ban 5 YouTube channels.", "禁止五个频道。", "zh")
    ['a name is missing: YouTube']
    >>> find_faults("Not all of the 3,000 cars should go.", "所有汽车都应当消失。", "zh")
    ['a number is missing: 3,000', 'a negation may be missing']
    """
    faults = []
    if not _is_in(text, language) or source.strip().casefold() == text.strip().casefold():
        faults.append("not translated")
    else:
        faults += _name("left in English", find_untranslated(source, text))
    faults += _name("a number is missing", find_lost_numbers(source, text))
    faults += _name("a name is missing", find_lost_names(source, text))
    if language == "zh":
        faults += _find_changed_sense(source, text)
    if len(source) > FEW and not USUAL[0] < relative_length < USUAL[1]:
        faults.append("unusual length")
    if back:
        difference = measure_distance(source, back)
        if difference > FAR:
            faults.append(f"the back-translation is far off ({difference:.2f})")
        if bool(count_negations(source)) != bool(count_negations(back)):
            faults.append("the back-translation differs in a negation")
    return faults


def _find_changed_sense(source: str, text: str) -> list[str]:
    """Return what a Chinese text seems to deny, or to demand, otherwise than the English one."""
    faults, denies = [], DENIAL.search(NO_DENIAL.sub("", text))
    if count_negations(source) and not denies:
        faults.append("a negation may be missing")
    if denies and not DENIES.search(source):
        faults.append("a negation may have been added")
    if OUGHT.search(source) and not IN_CHINESE.search(text):
        faults.append("what should be may be missing")
    if CLEARLY.search(text) and not MUST.search(source):
        faults.append("what should be may have been added")
    return faults


def find_lost_numbers(source: str, text: str) -> list[str]:
    """Return numbers of the source that the text holds neither in digits nor in Chinese numerals.

    >>> find_lost_numbers("1.5 million of 300 million people", "3亿人中的150万人")
    []
    >>> text = "2030年，十六所（共两千所）和百分之十，九十年代"
    >>> find_lost_numbers("In 2030, 16 of 2,000 schools and 10 % since the 1990s", text)
    []
    """
    plain = re.sub(r"(?<=\d)[,，](?=\d{3}(?!\d))", "", text)
    plain = plain.translate(str.maketrans("０１２３４５６７８９．两", "0123456789.二"))
    lost = []
    for number in NUMBER.finditer(source):
        spellings = _spell_in_chinese(number[0], bool(number[1]), number[2])
        if not any(_holds(plain, spelling) for spelling in spellings):
            lost.append(number[0])
    return lost


def find_lost_names(source: str, text: str) -> list[str]:
    """Return names in Latin letters (NATO, G20) that the text has neither so nor in Chinese."""
    lost = []
    for name in dict.fromkeys(NAME.findall("" if source.isupper() else source)):
        in_chinese = name in WRITTEN and re.search(WRITTEN[name], text)
        if name.casefold() not in text.casefold() and not in_chinese:
            lost.append(name)
    return lost


def find_untranslated(source: str, text: str) -> list[str]:
    """Return ordinary words of the source that stand in a Chinese text as they were."""
    if not re.search(r"[\u3400-\u9fff]", text):
        return []
    words = dict.fromkeys(ORDINARY.findall(text))
    return [word for word in words if re.search(rf"\b{word}\b", source)]


def count_negations(source: str) -> int:
    """Return how many words of an English text deny.

    >>> count_negations("Nobody shouldn't vote, not only cats.")
    2
    """
    return len(NEGATION.findall(NO_NEGATION.sub("", source)))


def measure_distance(source: str, back: str) -> float:
    """Return how far a back-translation is from its source: 0 the same words, 1 none in common.

    >>> measure_distance("Cats may vote.", "cats may vote"), measure_distance("Cats may.", "Dogs")
    (0.0, 1.0)
    """
    a, b = (re.findall(r"\w+", text.casefold()) for text in (source, back))
    return round(1 - SequenceMatcher(None, a, b, autojunk=False).ratio(), 3)


def _name(what: str, items: list[str]) -> list[str]:
    return [f"{what}: {', '.join(items)}"] if items else []


def _is_in(text: str, language: str) -> bool:
    """Return whether a text has a letter of its language, if these are known and not English's."""
    if language == "en" or language not in answer_words.list_languages():
        return bool(re.search(r"\w", text))
    return bool(re.search(f"[{answer_words.words(language)['letters']}]", text))


def _holds(text: str, number: str) -> bool:
    """Return whether a number stands in a text by itself and not within a longer one."""
    digit = r"\d" if number[0].isdigit() else f"[{DIGITS[1:]}十百千]"
    return bool(re.search(rf"(?<!{digit}){re.escape(number)}(?!{digit})", text))


def _spell_in_chinese(number: str, is_decade: bool, times: str | None) -> Iterator[str]:
    """Yield how a number of an English text may be written in Chinese.

    The 1990s are also called the 90s, 1.5 million 150万.
    """
    plain = number.replace(",", "")
    spellings = [plain]
    if times:
        spellings.append(f"{float(plain) * TIMES[times]:.0f}")
    if is_decade:
        spellings.append(plain[-2:])
    for spelling in spellings:
        yield spelling
        if spelling.isdigit():
            n = int(spelling)
            yield numeral(n)
            if 10 <= n < 20:
                yield numeral(n).removeprefix("一")
            for unit, name in ((10**4, "万"), (10**8, "亿")):
                if n and n % unit == 0:
                    yield f"{n // unit}{name}"


def numeral(n: int) -> str:
    """Return a number in Chinese numerals.

    >>> [numeral(n) for n in (0, 7, 16, 205, 2000, 30050)]
    ['零', '七', '一十六', '二百零五', '二千', '三万零五十']
    """
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if n >= unit:
            rest = n % unit
            gap = "零" if 0 < rest < unit // 10 else ""
            return numeral(n // unit) + name + (gap + numeral(rest) if rest else "")
    digits = ""
    for place, digit in enumerate(reversed(str(n))):
        digits = DIGITS[int(digit)] + (UNITS[place] if digit != "0" else "") + digits
    return re.sub("零+", "零", digits).rstrip("零") or "零"
