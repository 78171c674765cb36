"""What a reply says: its last marked answer, read strictly in every known language; never a guess.

The words of each language are in `answer_words`; the rules that use them are here. A doubt of any
kind makes a reply unreadable, since an unreadable reply can be asked again and a wrong answer
cannot be found again.
"""

import re
import unicodedata

from utils.answer_words import patterns, words

CUT = {"length", "max_tokens"}
FILTERED = {"content_filter", "safety", "refusal"}

THINKING = re.compile(
    r"[<◁]\|?(/|end_of_)?(?:begin_of_)?(?:think|thinking|thoughts?|reasoning|analysis)\|?[>▷]"
    r"|\[(/?)THINK\]",
    re.I,
)
TAGS = re.compile(r"<\|[^|>\n]*\|>|</s>|<br ?/?>|</?(?:b|i|em|strong|p|u|mark|span|center|h[1-6])>")
QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|«[^»]*»|\"[^\"\n]*\"|^[ \t]*>.*$", re.M)
INVISIBLE = re.compile(
    r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufe0e\ufe0f\ufeff]|[*`$]|\\[()\[\]]"
    r"|\\(?:boxed|text(?:bf|it)?|math(?:rm|bf))\s*\{"
)
COMMON = dict(zip("：，（）；！？’−", ":,();!?'-", strict=True)) | {"…": "..."}
EDGES = " \t_\"'“”‘’「」『』«»【】〖〗[](){}<>《》〈〉#"
DOUBT = re.compile(r"[\d?/|~&]")
UNKNOWN_LETTERS = re.compile(r"[^\W\d_]")
# each counts as a word, since half the letters of a Japanese text are Chinese ones
KANA = re.compile("[ぁ-ヿ]")


def read(
    step: str, language: str, text: str | None, finish_reason: str | None = "stop"
) -> tuple[str, str]:
    """Return the state of a reply and its answer ('' unless answered).

    >>> read("stance", "en", "For: many. Against: more.\\n\\n**Answer:** I disagree.")
    ('answered', 'disagree')
    >>> read("stance", "zh", "<think>答案：同意</think>理由很多。\\n答案：不同意")
    ('answered', 'disagree')
    >>> read("polarity", "en", "Answer: 0"), read("relevance", "zh", "Answer: yes")
    (('unreadable', ''), ('wrong language', ''))
    """
    reason = (finish_reason or "").lower()
    words(language)
    if reason in FILTERED:
        return "refused", ""
    if reason == "error":  # the endpoint's fault, not the model's words
        return "failed", ""
    plain = _plain(visible(text or ""))
    answer, spoken, where = _marked(step, plain, reason in CUT)
    if answer is not None:
        rest = plain[: where[0]] + plain[where[1] :]
        if (spoken and language not in spoken) or not _mostly(language, rest):
            return "wrong language", ""
        return "answered", answer
    if reason in CUT:
        return "cut off", ""
    return ("refused" if _refuses(plain) else "unreadable"), ""


def _refuses(text: str) -> bool:
    """Return whether a reply declines to answer, which it does where it begins or where it ends."""
    text = _unquoted(text).strip()
    return any(patterns().refusals.search(part) for part in (text[:400], text[400:][-400:]))


def visible(text: str) -> str:
    """Return a reply without its thinking; nothing if the thinking never ends."""
    if not any(mark in text for mark in ("<", "◁", "THINK]")):
        return text
    tags = list(THINKING.finditer(text))
    closing = [t for t in tags if t[1] or t[2]]
    if len(tags) > 2 * len(closing):
        return ""
    return text[closing[-1].end() :] if closing else text


def _plain(text: str) -> str:
    """Return a text in lower case and half width, without tags and repeated statements."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        # first, since text that needs no more is normalised ten times as fast
        for wide, narrow in COMMON.items():
            text = text.replace(wide, narrow)
        text = unicodedata.normalize("NFKC", text)
    text = text.lower()
    if "<" in text:
        text = patterns().statements.sub(" ", text)
        for keyword in patterns().keywords:
            text = text.replace(f"<{keyword}>", f"\n{keyword}: ").replace(f"</{keyword}>", "\n")
        breaks = ("<|", "</s", "<br")
        text = TAGS.sub(lambda tag: "\n" if tag.group().startswith(breaks) else "", text)
    return text


def _unquoted(text: str) -> str:
    """Return a text without what it quotes."""
    return QUOTED.sub(" ", text) if any(mark in text for mark in '"“「『«>') else text


def _marked(step: str, text: str, cut: bool) -> tuple[str | None, set[str], tuple[int, int]]:
    """Return the last marked answer, the languages of its words or mark, and where it stands."""
    nothing = (None, set(), (0, 0))
    marks = _marks(text)
    if not marks:
        return nothing
    start, content, end = marks[-1]
    answer, spoken = _verdict(step, content)
    later = text[end:]
    if answer is None or (cut and not _finished(text, end)) or not _stands(step, answer, later):
        return nothing
    introduced = text[: text.rfind("\n", 0, start) + 1].rstrip().endswith(":")
    if introduced and later.strip(EDGES + "*`-\n"):  # "end with a line such as:", and more after it
        return nothing
    if any(_contradicts(step, answer, mark, text, start, introduced) for mark in marks[:-1]):
        return nothing
    marked_in = {l for keyword, l in patterns().keywords.items() if keyword in text[start:end]}
    return answer, {spoken} if spoken else marked_in, (start, end)


def _marks(text: str) -> list[tuple[int, str, int]]:
    """Return (start, content, end of line) of every marked answer outside quotations, in order."""
    at = set()
    for keyword in (*patterns().keywords, "\\boxed"):
        place = text.find(keyword)
        while place >= 0:
            at.add(text.rfind("\n", 0, place) + 1)
            place = text.find("\n", place)
            place = text.find(keyword, place) if place >= 0 else -1
    return [mark for start in sorted(at) if (mark := _mark(text, start))]


def _mark(text: str, start: int) -> tuple[int, str, int] | None:
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    match = patterns().line.match(text[start:end])
    if not match or _inside_quotation(text[: start + match.start("head")]):
        return None
    content = match["content"]
    if not content.strip(" \t*_`"):  # the answer stands on a line of its own
        body = text[end:].lstrip()
        end = len(text) - len(body) + len(body.split("\n", 1)[0])
        content = body.split("\n", 1)[0]
    return start + match.start("head"), content, end


def _inside_quotation(before: str) -> bool:
    opened = any(before.rfind(tag) >= 0 for tag in patterns().opened)
    pairs = any(before.count(a) > before.count(b) for a, b in ("“”", "「」", "『』", "«»"))
    return opened or pairs or before.count('"') % 2 == 1


def _verdict(step: str, content: str) -> tuple[str | None, str | None]:
    """Return the answer that a mark's content is, and its language; None for anything else."""
    content = INVISIBLE.sub("", content).strip(EDGES)
    content = re.sub(r"^[-•]\s+(?=[^\W\d_])", "", re.sub(r"^–(?=\d)", "-", content))
    if re.match(r"\d[.):、]\s*\w", content):  # the number of a list's first item
        return None, None
    nested = patterns().head.match(content)
    content = content[nested.end() :].strip(EDGES) if nested else content
    for answer, language, says, echoes, denies in patterns().says[step]:
        if match := says.fullmatch(content):
            rest = echoes.sub("", match["rest"] or "")
            if DOUBT.search(rest) or patterns().doubts.search(rest) or denies.search(rest):
                return None, None
            return answer, language if UNKNOWN_LETTERS.search(match["said"]) else None
    return None, None


def _finished(text: str, end: int) -> bool:
    """Return whether a cut-off reply had finished its answer: something closes it."""
    return end < len(text) or text.endswith(("*", "`", "]", ")", "}", ">", "】", "。"))


def _stands(step: str, answer: str, later: str) -> bool:
    """Return whether nothing in the lines after an answer takes it back."""
    if not later.strip(EDGES + "*`-\n"):
        return True
    later = _unquoted(later)
    against = [(echoes, denies) for a, _, _, echoes, denies in patterns().says[step] if a == answer]
    denied = any(denies.search(echoes.sub("", later)) for echoes, denies in against)
    return not (denied or patterns().retracts.search(later) or _refuses(later))


def _contradicts(
    step: str, answer: str, mark: tuple[int, str, int], text: str, start: int, introduced: bool
) -> bool:
    """Return whether an earlier answer is another one, and nothing takes it back."""
    if _verdict(step, mark[1])[0] in (None, answer):
        return False
    between = text[mark[2] : start]
    retracted = patterns().retracts.search(between) and not patterns().turns.search(between)
    return introduced or not retracted


def _mostly(language: str, text: str) -> bool:
    """Return whether a text is mainly in a language: two thirds of its words, half if short.

    Languages of the same letters are told apart by their most frequent words.
    """
    letters, own_words = patterns().letters, words(language)
    text = _unquoted(text)
    if _foreign(language, text):
        return False
    if text.isascii() and letters[language].match("e"):
        return True
    rest = letters[language].sub("", text)
    own = (len(text) - len(rest)) / own_words["letters_a_word"]
    other = 0.0
    for name, pattern in letters.items():
        left = pattern.sub("", rest)
        other, rest = other + (len(rest) - len(left)) / words(name)["letters_a_word"], left
    other += len(KANA.findall(rest)) + len(UNKNOWN_LETTERS.findall(KANA.sub("", rest))) / 3
    return other <= own if other <= 10 else 2 * other <= own


def _foreign(language: str, text: str) -> bool:
    """Return whether frequent words of other languages outnumber a text's own frequent ones."""
    common, foreign = patterns().frequent[language]
    if not foreign:
        return False
    for stop in ".,;:!?":  # much faster than a pattern or a table
        text = text.replace(stop, " ")
    tokens = text.split()
    foreign_tokens = sum(map(foreign.__contains__, tokens))
    return foreign_tokens > 0 and foreign_tokens > sum(map(common.__contains__, tokens))


def agreement(text: str) -> str | None:
    """Return what an answer collected elsewhere says in its own words: agree, disagree, or None.

    >>> [agreement(text) for text in ("strongly_agree", "Strongly disagree.", "不同意", "neutral")]
    ['agree', 'disagree', 'disagree', None]
    """
    plain = _plain(text).replace("_", " ") if isinstance(text, str) else ""
    return _verdict("stance", plain.strip())[0] if plain else None
