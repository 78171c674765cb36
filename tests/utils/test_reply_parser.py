"""Replies as models write them, read strictly: what is answered is right, and what is doubtful is not answered."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nasty_replies import CHINESE, ENGLISH
from utils.answer_words import patterns
from utils.cells import SCORES, STATES, STEPS
from utils.errors import Problem
from utils.reply_parser import HARMLESS, read

SAID = {
    "en": {
        "relevance": {"yes": ["yes", "Yes", "YES"], "no": ["no", "No", "NO"]},
        "polarity": {
            "-2": ["-2", "−2", "－２"],
            "-1": ["-1", "–1"],
            "1": ["+1", "1", "＋1"],
            "2": ["+2", "2"],
        },
        "stance": {
            "agree": ["agree", "Agree", "I agree"],
            "disagree": ["disagree", "DISAGREE", "I do not agree", "strongly disagree"],
        },
    },
    "zh": {
        "relevance": {"yes": ["是", "是的"], "no": ["否", "不是"]},
        "polarity": {
            "-2": ["-2", "－２", "负2"],
            "-1": ["−1", "-1"],
            "1": ["+1", "＋１", "正1"],
            "2": ["2", "+2"],
        },
        "stance": {
            "agree": ["同意", "我同意", "赞同"],
            "disagree": ["不同意", "我不同意", "不赞同", "完全不同意"],
        },
    },
}
# fmt: off
MARKS = {"en": ["Answer", "Final answer", "ANSWER", "My answer", "Ａｎｓｗｅｒ"], "zh": ["答案", "最终答案", "我的答案", "回答"]}
REASONS = {
    "en": ["", "Some agree, some disagree.\n", "The value -2 would be odd.\n\n", "> Answer: agree\n\n",
           "One may say “Answer: no” here. Others, +2.\n"],
    "zh": ["", "有人同意，有人不同意。\n", "取-2会很奇怪。\n\n", "> 答案：同意\n\n", "有人会说“答案：否”，也有人选+2。\n"],
}
WRAPS = [
    "{m}: {a}", "{m}：{a}", "**{m}:** {a}", "**{m}: {a}**", "**{m}**: **{a}**.", "__{m}:__ {a}", "`{m}: {a}`",
    "## {m}\n\n{a}", "### {m}：\n**{a}**", "{m}: [{a}]", "【{m}：{a}】", "【{m}】{a}", "{m}：「{a}」。", "({m}: {a})",
    "- {m}: {a}", "3. {m}: {a}", "{m}: $\\boxed{{{a}}}$", "{m}: \\boxed{{\\text{{{a}}}}}", "\\boxed{{{a}}}",
    "<answer>{a}</answer>", '{{"answer": "{a}"}}', "```\n{m}: {a}\n```", "{m}:\u200b {a}", "{m} (this or that): {a}",
    "{m}: {a}<|im_end|>", '{m}: "{a}"',
]
# fmt: on
THOUGHTS = [
    "",
    "<think>Answer: yes\n答案：不同意</think>",
    "Answer: +2 答案：否\nAnswer: agree\n</think>\n\n",
]

told = st.sampled_from(
    [(l, s, a, w) for l in SAID for s in STEPS for a, said in SAID[l][s].items() for w in said]
)


@given(told, st.data())
@settings(max_examples=1500, deadline=None)
def test_a_marked_answer_is_read_right_whatever_is_wrapped_around_it(cell, data):
    language, step, answer, word = cell
    wrapped = data.draw(st.sampled_from(WRAPS)).format(
        m=data.draw(st.sampled_from(MARKS[language])), a=word
    )
    before = data.draw(st.sampled_from(THOUGHTS)) + data.draw(st.sampled_from(REASONS[language]))
    after = data.draw(st.sampled_from(["", "\n", "  \n\n", "\r\n"]))
    got = read(step, language, before + wrapped + after)
    if (
        '"answer"' in wrapped or "<answer>" in wrapped
    ):  # an English mark; a bare number has no other word to go by
        assert got in [("answered", answer), ("wrong language", "")]
    else:
        assert got == ("answered", answer)


@given(told, told)
def test_two_answers_in_one_line_are_no_answer(one, other):
    (language, step, answer, word), (_, other_step, other_answer, other_word) = one, other
    for joined in ("{}/{}", "{} or {}", "{}和{}", "{}, {}", "{} ({})"):
        state, got = read(
            step, language, f"{MARKS[language][0]}: {joined.format(word, other_word)}"
        )
        assert (
            state != "answered" or (step != other_step or answer == other_answer) and got == answer
        )


@given(told)
def test_the_last_marked_answer_counts(cell):
    language, step, answer, word = cell
    mark = MARKS[language][0]
    for earlier in SCORES[step]:
        first = SAID[language][step][earlier][0]
        again = {"en": "Wait, let me think about this again.", "zh": "等等，我再想一想。"}[language]
        assert read(step, language, f"{mark}: {first}\n\n{again}\n\n{mark}: {word}") == (
            "answered",
            answer,
        )


@given(told, st.sampled_from(["en", "zh"]), st.sampled_from(STEPS))
def test_an_answer_to_another_question_or_in_another_language_is_not_taken(cell, language, step):
    other, asked, answer, word = cell
    state, got = read(step, language, f"{MARKS[other][0]}: {word}")
    if (other, asked) != (language, step):
        assert state in ("wrong language", "unreadable")
    else:
        assert (state, got) == ("answered", answer)


KEYWORDS = re.compile("answer|答案|回答|boxed")
# fmt: off
PIECES = [
    "agree", "disagree", "yes", "no", "+1", "-2", "0", "同意", "不同意", "是", "否", "not ", "不", "or", "但", "wait", "。", ". ",
    "\n", " ", '"', "“", "”", "> ", ":", "：", "/", "—", "\u200b", "**", "Answer", "answer: ", "答案", "答案：", "<answer>",
    "\\boxed{", "}", "<think>", "</think>",
]
# fmt: on


@given(
    st.sampled_from(STEPS),
    st.sampled_from(["en", "zh"]),
    st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)),
)
@settings(max_examples=2000, deadline=None)
@example("stance", "en", "I agree.")
@example("relevance", "zh", "是")
def test_text_without_a_marked_answer_is_never_answered(step, language, text):
    state, answer = read(step, language, text)
    assert state in STATES[:5]
    assert (answer in SCORES[step]) if state == "answered" else answer == ""
    if not KEYWORDS.search(unicodedata.normalize("NFKC", text).lower()):
        assert state != "answered"


@given(
    st.sampled_from(STEPS),
    st.sampled_from(["en", "zh"]),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
)
@settings(max_examples=2000, deadline=None)
def test_an_answer_that_is_read_stands_right_behind_its_mark(step, language, text):
    state, answer = read(step, language, text)
    if state == "answered":
        said = {
            "yes": "yes|是",
            "no": "no|否|不是",
            "agree": "(?<!dis)agree|同意",
            "disagree": "disagree|不同意|not agree",
        }
        said |= {"1": r"\+?1", "2": r"\+?2", "-2": "-2", "-1": "-1"}
        plain = re.sub(
            r"[*\s\u200b:>\"“”{}]|</?think>", "", unicodedata.normalize("NFKC", text).lower()
        )
        assert re.search(rf"(?:answer|答案|boxed\W*)(?:or|但|\W)*?(?:{said[answer]})", plain), (
            text,
            answer,
        )


@given(
    st.sampled_from(STEPS),
    st.sampled_from(["en", "zh"]),
    st.text(max_size=40),
    st.sampled_from(["stop", "length", None, "content_filter"]),
)
def test_thinking_that_never_ends_holds_no_answer(step, language, text, reason):
    reply = "<think>" + text.replace("<", "") + "\nAnswer: yes\n答案：同意\nAnswer: agree"
    assert read(step, language, reply, reason)[0] == {
        "length": "cut off",
        "content_filter": "refused",
    }.get(reason, "unreadable")


@pytest.mark.parametrize("language, replies", [("en", ENGLISH), ("zh", CHINESE)])
def test_nasty_replies_end_in_the_right_state(language, replies):
    assert len(replies) >= 60
    wrong = []
    for step, reply, expected, *reason in replies:
        state, answer = read(step, language, reply, *reason)
        if (answer or state) != expected:
            wrong.append((step, reply, expected, state, answer))
    assert not wrong


@pytest.mark.parametrize("language, replies", [("en", ENGLISH), ("zh", CHINESE)])
def test_no_nasty_reply_is_answered_wrongly_under_another_finish_reason(language, replies):
    for step, reply, expected, *known in replies:
        for reason in ("stop", "length", None, "", "tool_calls", "content_filter"):
            state, answer = read(step, language, reply, reason)
            assert state != "answered" or known or answer == expected


@pytest.mark.parametrize("nothing", [None, "", "  \n ", "\u200b"])
def test_an_empty_reply_is_unreadable_and_a_filtered_one_refused(nothing):
    assert read("stance", "en", nothing) == ("unreadable", "")
    assert read("stance", "zh", nothing, "length") == ("cut off", "")
    assert read("stance", "zh", nothing, "content_filter") == ("refused", "")


def test_a_language_without_words_is_a_problem():
    with pytest.raises(Problem, match="words.zn.yaml"):
        read("stance", "zn", "答案：同意")


def test_a_study_with_many_long_replies_is_read_in_seconds():
    from time import process_time

    reply = {
        "en": "Arguments for: this would help many. " * 40 + "\n\n**Answer:** disagree",
        "zh": "许多人认为这样有益，而且成本不高。" * 40 + "\n\n**答案：** 不同意",
    }
    start = process_time()
    for _ in range(1000):
        assert (
            read("stance", "en", reply["en"])[1]
            == read("stance", "zh", reply["zh"])[1]
            == "disagree"
        )
    assert process_time() - start < 1  # 2,000 replies; a tenth of it is usual


# fmt: off
THIRD = [
    "Le pour : moins de bruit en ville. Le contre : des coûts plus élevés pour les familles.",
    "A favore: meno rumore nelle città. Contro: costi più alti per le famiglie, che non è giusto.",
    "Voor: het is stiller in de stad. Tegen: het kost de gezinnen meer geld, maar dat is te overzien.",
    "Za: w miastach jest ciszej. Przeciw: rodziny płacą więcej, ale się to opłaca i nie boli.",
    "Lehte: şehirler daha sessiz olur. Aleyhte: aileler için bu bir yük ve zor.",
    "Setuju: kota lebih tenang. Tidak setuju: biaya untuk keluarga yang miskin dan ini berat.",
    "För: det blir tystare i staden. Emot: familjerna betalar mer och det är tungt.",
    "Ủng hộ: thành phố yên tĩnh hơn. Phản đối: chi phí của các gia đình là cao và không công bằng.",
    "За: в городах станет тише. Против: семьи заплатят больше.",
    "مع: تصبح المدن أهدأ. ضد: تدفع الأسر أكثر.",
    "पक्ष में: शहर शांत होंगे। विपक्ष में: परिवार अधिक चुकाएँगे।",
    "賛成：町が静かになります。反対：家庭の負担が増えますが、静けさのほうが大切だと思います。",
    "찬성: 도시가 조용해진다. 반대: 가정의 부담이 커진다.",
]
TERSE = [
    "Pros: lower emissions, cleaner air, safer streets. Cons: higher costs, job losses. Environment outweighs.",
    "For: quiet. Against: cost. Net: positive.", "De facto bans exist in Los Angeles and in Des Moines; the law follows.",
    "Le Monde and Der Spiegel report that most people are for it.", "“La libertad de los otros es mi libertad”, as the proverb says.",
]
# fmt: on


@pytest.mark.parametrize("reasons", THIRD)
def test_reasons_in_a_third_language_are_in_the_wrong_language(reasons):
    assert read("stance", "en", f"{reasons}\n\nAnswer: agree") == ("wrong language", "")
    assert read("stance", "zh", f"{reasons}\n\n答案：同意") == ("wrong language", "")


@pytest.mark.parametrize("reasons", TERSE)
def test_english_with_few_words_or_foreign_names_is_english(reasons):
    assert read("stance", "en", f"{reasons}\n\nAnswer: agree") == ("answered", "agree")


def test_chinese_with_a_foreign_name_in_it_is_chinese():
    assert read(
        "stance",
        "zh",
        "正如《となりのトトロ》和 BTS（방탄소년단）所示，一个地方的文化会传播到别的国家，因此限制它没有必要。\n\n答案：同意",
    ) == ("answered", "agree")


OTHERS = {  # lines that make what follows somebody else's answer, or an example
    "en": ["A supporter of the motion would reply:", "For example, one could end with:",
           "The other side says:", "If I were a teacher,", "The format that you asked for is:"],
    "zh": ["支持者会这样回答：", "例如可以写成：", "如果我是老师：", "您要求的格式是："],
}  # fmt: skip
NEXT = {
    "en": ["Statement: Dogs may vote.", "Question 2:", "User: And cats?"],
    "zh": ["陈述：狗可以投票。", "问题二："],
}
BACK = {  # what follows an answer and takes it back, or makes it no answer of its own
    "en": [
        "Wait, I misread the statement.",
        "Note: this is what a supporter would say.",
        "On reflection, I am not sure.",
        "Just kidding!",
        "Answer: I cannot say.",
        "P.S. The opposite could be argued as well.",
    ],
    "zh": [
        "等等，我弄错了。",
        "注：这是支持者的说法。",
        "再想一想，我不确定。",
        "开个玩笑！",
        "以上只是示例。",
    ],
}
DRESS = ["{}", "✅ {}", "{} 👍", "“{}”", "**{}**", "🤔 **{}** ✅"]


@given(told, st.data())
def test_an_answer_handed_to_somebody_else_is_none(cell, data):
    language, step, _, word = cell
    before = data.draw(st.sampled_from(OTHERS[language]))
    said = f"{MARKS[language][0]}: {word}"
    gap = data.draw(st.sampled_from(["\n", "\n\n"]))
    assert read(step, language, f"{before}{gap}{said}")[0] != "answered"


@given(told, st.data())
def test_a_reply_that_runs_on_into_another_question_holds_no_answer(cell, data):
    language, step, answer, word = cell
    said, later = f"{MARKS[language][0]}: {word}", data.draw(st.sampled_from(NEXT[language]))
    other = data.draw(st.sampled_from([w for a in SAID[language][step].values() for w in a]))
    reply = f"{said}\n\n{later}\n\n{MARKS[language][0]}: {other}"
    assert read(step, language, reply)[0] != "answered"


@given(told, st.data())
def test_an_answer_that_is_taken_back_is_none(cell, data):
    language, step, _, word = cell
    later = data.draw(st.sampled_from(BACK[language]))
    assert read(step, language, f"{MARKS[language][0]}: {word}\n\n{later}")[0] != "answered"


@given(told, st.sampled_from(DRESS))
def test_emoji_and_quotation_marks_change_no_answer(cell, dress):
    language, step, answer, word = cell
    assert read(step, language, f"{MARKS[language][0]}: {dress.format(word)}") == (
        "answered",
        answer,
    )


@given(told, st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12), st.booleans())
def test_what_is_in_marks_of_any_name_is_no_answer(cell, name, is_closed):
    language, step, _, word = cell
    thought = f"<{name}>{MARKS[language][0]}: {word}" + f"</{name}>" * is_closed
    if name not in HARMLESS and name not in patterns().named:
        assert read(step, language, thought)[0] != "answered"


@pytest.mark.parametrize(
    "language, text",
    [
        ("en", "I fully disagree with the statement.\n\nAnswer: agree"),
        ("en", "Overall, I do not agree with this statement.\n\nAnswer: agree"),
        ("en", "Both sides have a point. I agree with the claim.\n\nAnswer: disagree"),
        ("en", "In short:\nI oppose the claim.\n\nAnswer: agree"),
        ("en", "Therefore, I support this statement.\n\nAnswer: disagree"),
        ("zh", "出于以上原因，我坚决反对这一说法。\n\n答案：同意"),
        ("zh", "综上，我同意该陈述。\n\n答案：反对"),
    ],
)
def test_a_sentence_that_takes_the_other_side_leaves_no_answer(language, text):
    assert read("stance", language, text) == ("unreadable", "")


@pytest.mark.parametrize(
    "language, text, meant",
    [
        ("en", "Why would I disagree with the statement? For its cost.\n\nAnswer: agree", "agree"),
        ("en", 'A critic says: "I disagree with the statement."\n\nAnswer: agree', "agree"),
        ("en", "I disagree with the statement. Wait, no.\n\nAnswer: agree", "agree"),
        ("en", "Answer - disagree", "disagree"),
        ("en", "Answer: agree\n\nThe main reason is cost.", "agree"),
        ("zh", "三、答案：不同意", "disagree"),
        ("zh", "答案：不同意\n\n主要原因在于安全。", "disagree"),
    ],
)
def test_a_side_that_is_not_the_models_own_or_was_taken_back_is_none(language, text, meant):
    assert read("stance", language, text) == ("answered", meant)


def test_a_dash_before_a_number_is_no_colon():
    assert read("polarity", "en", "Answer - 1")[0] == "unreadable"
