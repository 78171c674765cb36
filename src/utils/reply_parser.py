"""What a reply says: its last marked answer, read strictly in every known language; never a guess.

The words of each language are in `answer_words`; the rules that use them are here. A doubt of any
kind makes a reply unreadable, since an unreadable reply can be asked again and a wrong answer
cannot be found again.
"""

import re
import unicodedata

from utils.answer_words import patterns, words
from utils.cells import is_stance

CUT = {"length", "max_tokens"}
FILTERED = {"content_filter", "safety", "refusal"}

TAG = re.compile(r"""[<◁]\|?(?P<close>/?)(?P<name>\w[\w:.-]*)(?:\s+[\w-]+="[^"]*")*\s*/?\|?[>▷]""")
HARMLESS = set("b i em strong p u mark span center br hr div li ul ol code pre sub sup".split())
HARMLESS |= {"h1", "h2", "h3", "h4", "h5", "h6", "im_start", "start", "message", "assistant"}
END = re.compile(
    r"<\|(?:im_end|eot_id|end_of_text|endoftext|end)\|>|<｜end▁of▁sentence｜>|<end_of_turn>"
)
TAGS = re.compile(r"<\|[^|>\n]*\|>|</s>|<br ?/?>|</?(?:b|i|em|strong|p|u|mark|span|center|h[1-6])>")
QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|«[^»]*»|\"[^\"\n]*\"|^[ \t]*>.*$", re.M)
CHOICES = re.compile(r"\[\s*[x√✓]?\s*\]|[☐☑☒⬜]")
INVISIBLE = re.compile(
    r"(?![✗✘✖❌❎⛔☐-☒])[\u2600-\u27bf\U0001f300-\U0001faff]"
    r"|[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufe0e\ufe0f\ufeff]|[*`$]|\\[()\[\]]"
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
    """Return a reply without its thinking, and without what follows its end.

    What is in marks of any kind counts as thinking, unless they are known to be something else;
    nothing is visible if it never ends.

    >>> visible("<scratchpad>Perhaps.</scratchpad>Answer: yes"), visible("<any>Answer: yes")
    ('Answer: yes', '')
    """
    if "<|channel|>" in text:
        _, final, text = text.rpartition("<|channel|>final<|message|>")
        text = text if final else ""
    text = text.replace("[THINK]", "<think>").replace("[/THINK]", "</think>")
    if "<" not in text and "◁" not in text:
        return text
    text = END.split(text)[0]
    text = text if "<s>" in text else text.split("</s>")[0]
    shown, start, opened = [], 0, []
    for tag in TAG.finditer(text):
        name = tag["name"].lower().removeprefix("begin_of_")
        closes, name = tag["close"] or name.startswith("end_of_"), name.removeprefix("end_of_")
        if name in HARMLESS or name in patterns().named:
            continue
        if not closes:
            if not opened:
                shown.append(text[start : tag.start()])
            opened.append(name)
        elif name in opened:
            opened = opened[: opened.index(name)]
            start = tag.end()
        else:  # it was opened before the reply began
            shown, start, opened = [], tag.end(), []
    return "" if opened else "".join(shown) + text[start:]


def _plain(text: str) -> str:
    """Return a text in lower case and half width, without tags and repeated statements."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        # first, since text that needs no more is normalised ten times as fast
        for wide, narrow in COMMON.items():
            text = text.replace(wide, narrow)
        text = unicodedata.normalize("NFKC", text).translate(patterns().simplified)
    text = text.lower()
    if text.count('"') == 2 and re.fullmatch(r'\s*"[^"]*"\s*', text):  # all of it is quoted
        text = text.replace('"', " ")
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
    if answer is None or (cut and not _finished(text, end)):
        return nothing
    if _turns(text[:start]) or _supposed(text[: text.rfind("\n", 0, start) + 1]):
        return nothing
    if not _stands(step, answer, text[end:]):
        return nothing
    if any(_contradicts(step, answer, mark, text, start) for mark in marks[:-1]):
        return nothing
    if is_stance(step) and _says_otherwise(step, answer, _unquoted(text[:start])):
        return nothing
    marked_in = {l for keyword, l in patterns().keywords.items() if keyword in text[start:end]}
    return answer, {spoken} if spoken else marked_in, (start, end)


def _turns(before: str) -> bool:
    """Return whether another question begins in a text, after the one that it may repeat first."""
    lines = [line for line in before.split("\n") if line.strip(EDGES + "*`-")]
    while lines and patterns().turns.match(lines[0]):
        lines = lines[1:]
    return any(map(patterns().turns.match, lines))


def _supposed(before: str) -> bool:
    """Return whether the line before an answer makes it somebody else's, or an example."""
    line = before.rstrip().rsplit("\n", 1)[-1].strip()
    if re.match(r"[-•#]|\d+[.)]", line) or re.search(r'[.!?。)\]】"”」}]\W*$|",$', line):
        return False  # an item of a list, a heading, a whole sentence
    line = line.strip(EDGES + "*`")
    clause = re.split("[,;]", line.rstrip(":, "))[-1]
    if line.endswith((":", ",")) and not patterns().decides.search(clause):
        return True
    return bool(patterns().supposes.search(line if line[-1:] not in ":," else clause))


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
    if CHOICES.search(content):
        return None, None
    content = INVISIBLE.sub("", content).strip(EDGES)
    content = re.sub(r"^[-•]\s+(?=[^\W\d_])", "", re.sub(r"^–(?=\d)", "-", content))
    if re.match(r"\d[.):、]\s*\w", content):  # the number of a list's first item
        return None, None
    nested = patterns().head.match(content)
    content = content[nested.end() :].strip(EDGES) if nested else content
    for answer, language, says, echoes, denies in patterns().says[step]:
        if match := says.fullmatch(content):
            whole = match["rest"] or ""
            rest = echoes.sub("", whole)
            if (
                rest == whole
                and rest.strip(EDGES + ".!?;,。、~")
                and not patterns().reason.match(rest)
            ):
                return None, None
            if DOUBT.search(rest) or patterns().doubts.search(rest) or denies.search(rest):
                return None, None
            return answer, language if UNKNOWN_LETTERS.search(match["said"]) else None
    return None, None


def _finished(text: str, end: int) -> bool:
    """Return whether a cut-off reply had finished its answer: something closes it."""
    return end < len(text) or text.endswith(("*", "`", "]", ")", "}", ">", "】", "。"))


def _stands(step: str, answer: str, later: str) -> bool:
    """Return whether what follows an answer is a reason or a farewell, and takes nothing back."""
    opening = later.strip(EDGES + "*`-.。~\n")
    if not opening:
        return True
    if not patterns().after.match(opening) or _turns("-\n" + later):
        return False
    later = _unquoted(later)
    against = [(echoes, denies) for a, _, _, echoes, denies in patterns().says[step] if a == answer]
    for echoes, denies in against:
        rest = echoes.sub("", later)
        if denies.search(rest) or patterns().retracts.search(rest):
            return False
    return not _refuses(later)


def _contradicts(step: str, answer: str, mark: tuple[int, str, int], text: str, start: int) -> bool:
    """Return whether an earlier answer is another one, and nothing takes it back."""
    if _verdict(step, mark[1])[0] in (None, answer):
        return False
    return not patterns().retracts.search(text[mark[2] : start])


def _says_otherwise(step: str, answer: str, before: str) -> bool:
    """Return whether a sentence of its own takes another side ("I disagree with the statement").

    Unless it is taken back later on. Where the claim that the statement is wrong is asked about,
    whoever takes the statement's side is against the claim.
    """
    last: dict[str, int] = {}
    for side, other in (("agree", "disagree"), ("disagree", "agree")):
        for stated in patterns().states[side].finditer(before):
            turned = step == "stance_negated" and not patterns().claim.search(stated.group())
            meant = other if turned else side
            last[meant] = max(last.get(meant, 0), stated.end())
    rests = [before[end:] for side, end in last.items() if side != answer]
    return any(not patterns().retracts.search(rest) for rest in rests)


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
    >>> agreement("Agree; no")
    """
    plain = _plain(text).replace("_", " ").strip() if isinstance(text, str) else ""
    verdict = _verdict("stance", plain)[0] if plain else None
    parts = re.split(r"[,;:/|–—]|\.| - ", plain) if verdict else []
    other = {"agree": "no", "disagree": "yes"}.get(verdict)
    return None if any(_verdict("relevance", part)[0] == other for part in parts) else verdict


def bare(text: str) -> str:
    """Return a short answer without case, quotation marks or closing punctuation; 1.0 as 1.

    >>> bare("“Yes.”"), bare("是。"), bare("1.0"), bare(".")
    ('yes', '是', '1', '.')
    """
    whole = re.sub(r"^(-?[0-9]+)\.0$", r"\1", text.casefold().strip())
    return whole.strip(" \"'“”‘’「」.。．!！,，;；") or whole
