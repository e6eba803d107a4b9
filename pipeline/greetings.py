"""The greeting over a message ("Dear Sir or Madam", "Hi there, hope you are well.") says nothing, so it is not scored.

Only what is surely a greeting goes. Without a stop behind it, "Hello" is taken away before a word that begins a
sentence ("Hello I have been waiting"), and a name only where a comma or a line's end shows that it is one. A greeting
to a complaints team stays: whom a resident chose to write to says something.
"""

import re

_TITLES = (
    r"(?:there|all|again|team|sirs?|madam|and|or|&|/|everyone|everybody|both|folks|guys|mr|mrs|ms|miss|dr|cllr|councillor"
    r"|the|to|council|housing|repairs?|customer|services?|office|officers?|manager|department|dept|colleagues?|desk"
    r"|estates?|lettings|environmental|health|support|neighbourhood|contact|centre|reader|friends?|landlord)"
)
_NAME = r"(?-i:[A-Z][\w'-]*[a-z][\w'-]*|[A-Z]\.?)"
_BEGINS = (
    r"(?:i|i'm|i've|i'd|im|ive|id|we|we're|we've|my|our|can|could|would|please|pls|just|is|are|it|it's|its|this"
    r"|there (?:is|are|was|were|has)|the|you|your|when|why|what|how|who|where|any|sorry|thanks|thank|further|re"
    r"|regarding|not|no|so|if|as|still)\b"
)
_HELLO = (
    r"(?:hi+(?:ya)?|he+y+a?|hell?o+|hullo|greetings|good (?:morning|afternoon|evening|day)"
    r"|to whom (?:it|this) may concern|dear sirs?(?:(?: ?/ ?| or | and )madam)?|dear madam)"
)
_STOP = r"(?: ?[,.!:;-]+(?=\s)|[,.!:;-]*(?=\n|$))"
_PEOPLE = rf"(?:(?:[ ,]+(?:(?:mr|mrs|ms|dr|cllr)\.|{_TITLES}\b)|[ ,]*/ ?{_TITLES}\b| {_NAME}){{1,5}}| [a-z]+(?=,?\n))"
_GREETING = re.compile(
    rf"\s*(?:(?:{_HELLO}|dear|(?:morning|afternoon|evening|alright))(?! (?:me|oh?|god|lord)\b){_PEOPLE}{_STOP}"
    rf"|(?:{_HELLO}|morning|afternoon|evening|alright){_STOP}"
    rf"|{_HELLO}(?: (?:there(?! (?:is|are|was|were|has)\b)|all|team|again|everyone))?(?= {_BEGINS})"
    rf"|(?:fao|f\.a\.o\.?|for the attention of)\b[^\n.?!]{{0,50}}(?=\n))\s*",
    re.IGNORECASE,
)
_WELL = re.compile(
    r"(?:(?:i |we )?hope (?:(?:that )?(?:you|you're|youre|your|all|everyone|everything)\b(?: (?:are|is|all))?"
    r" ?(?:well|ok|okay|good|fine)|this (?:\w+ )?(?:finds|reaches) you(?: (?:all|well|safely))*)"
    r"|how are you(?: all| today)?)(?:[,.!?-]+(?=\s|$)|(?=\n|$))\s*",
    re.IGNORECASE,
)
_GREETINGS = 2
_KEPT = re.compile(r"complain|ombudsman", re.IGNORECASE)


def without_greeting(body: str) -> str:
    """`body` without the greeting it opens with; as it was where it is nothing else."""
    rest = body
    for _ in range(_GREETINGS):
        found = _GREETING.match(rest)
        if found is None or _KEPT.search(found.group()):
            break
        rest = rest[found.end() :]
        rest = rest[well.end() :] if (well := _WELL.match(rest)) else rest
    return rest if re.search(r"\w", rest) else body
