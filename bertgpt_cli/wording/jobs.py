"""Where one sentence may hold two jobs: `label incoming tickets and draft a reply`, 先判断语种，再翻译.

Only tells where such a sentence could be cut in two; whether the halves are two tasks is for `words` to say.
"""

import re

# Between two jobs. In English the second one begins with a verb, which tells `and draft a reply` from `and Arabic`.
_ENGLISH = re.compile(
    r"\s*[,;.]?\s+(?:(?:and|then)\s+(?:then\s+|also\s+|afterwards\s+|finally\s+)?|after(?:wards| that),?\s+|plus\s+)"
)
_CHINESE = re.compile(
    r"\s*[,，;；。、]?\s*(?:然后|之后|接着|并且|同时|(?<=[,，;；、\s])(?:再|顺便|还要|并)(?![也次三])|(?<=[^\W\d_a-zA-Z])并(?![非不行发列且])|最后)再?"
)
_VERBS = frozenset(
    "annotate answer assign attach build call catch categorise categorize check choose classify cluster collect combine "
    "complete compose compute condense continue convert correct count create cut decide describe detect draft embed "
    "estimate explain extract fetch file fill filter find fix flag forward generate get give grab grade grammar group "
    "guess hide highlight identify judge label link list look make map mark mask match merge name order paraphrase parse "
    "pick place predict produce propose pull put rank rate read recognise recognize recommend redact remove rephrase "
    "replace reply report respond retrieve rewrite route say score search see segment select send shorten show simplify "
    "solve sort split spot suggest sum summarise summarize tag take tell tie translate turn verify work write".split()
)
MOST_LETTERS = 200


def halves(sentence: str) -> list[tuple[str, str]]:
    """Each way to cut the sentence into two jobs, in order; none for a long or many-sentenced one."""
    if len(sentence) > MOST_LETTERS or re.search(r"[.!?;。！？；]\s*\S", sentence):
        return []
    found: list[tuple[str, str]] = []
    for cut in _ENGLISH.finditer(sentence):
        verb = re.match(r"[A-Za-z]+", sentence[cut.end() :])
        if verb and verb[0].lower() in _VERBS:
            found.append((sentence[: cut.start()], sentence[cut.end() :]))
    found += [(sentence[: cut.start()], sentence[cut.end() :]) for cut in _CHINESE.finditer(sentence)]
    return [(first, second) for first, second in found if len(first.strip()) > 1 and len(second.strip()) > 1]
