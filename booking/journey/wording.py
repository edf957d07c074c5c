"""Words as people type them: accents, capitals, hyphens, plurals and small mistakes are forgiven. Pure."""

import re
import unicodedata
from collections.abc import Iterable

from rapidfuzz.distance import OSA

# Words that say nothing of what is looked for, plain.
EMPTY_WORDS = frozenset(
    {
        *("a", "au", "aux", "avec", "ce", "ces", "comment", "d", "dans", "de", "demande", "demander", "demarche"),
        *("des", "du", "en", "est", "et", "faire", "for", "how", "i", "in", "j", "je", "l", "la", "le", "les", "m"),
        *("ma", "mes", "mon", "my", "of", "on", "ou", "par", "pour", "qu", "que", "s", "sa", "ses", "son", "sur"),
        *("the", "to", "un", "une", "veux", "voudrais", "want", "with"),
    }
)
# One mistake in a word of four letters, two in one of eight; fewer letters are typed as they are.
MISTAKES = ((8, 2), (4, 1))
SHORTEST_BEGINNING = 3
LIKELY = 55.0
# What is this much worse than the best is something else.
BESIDE_THE_BEST = 0.7
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "ß": "ss"})


def plain(text: str) -> str:
    """Return a text without accents, capitals, hyphens or marks: `Impôts : l’avis` is `impots l avis`."""
    letters = unicodedata.normalize("NFKD", text.translate(LIGATURES))
    kept = "".join(char for char in letters if not unicodedata.combining(char)).casefold()
    return " ".join(re.findall(r"[a-z0-9]+", kept))


def words(text: str) -> list[str]:
    """Return the words of a text that mean something, plain; all of them if none does."""
    every = plain(text).split()
    return [word for word in every if word not in EMPTY_WORDS] or every


def likeness(asked: str, known: str) -> float:
    """Return how sure it is (0 to 1) that a typed word, plain, means a known one."""
    if asked == known:
        return 1.0
    if len(asked) >= SHORTEST_BEGINNING and known.startswith(asked):
        return 0.95
    if len(known) > SHORTEST_BEGINNING and asked in (known + "s", known + "x"):
        return 0.95
    allowed = next((mistakes for length, mistakes in MISTAKES if min(len(asked), len(known)) >= length), 0)
    wrong = OSA.distance(asked, known, score_cutoff=allowed)
    return 0.9 - 0.1 * wrong if allowed and wrong <= allowed else 0.0


def relevance(asked: str, *, keywords: Iterable[str], texts: Iterable[str]) -> float:
    """Return how well (0 to 100) what someone typed is answered by something with these keywords and texts.

    Either most of what was typed is found in it, or one of its keywords is found whole in what was typed.
    """
    typed = words(asked)
    if not typed:
        return 0.0
    phrases = [words(keyword) for keyword in keywords]
    known = {word for phrase in phrases for word in phrase}
    known.update(word for text in texts for word in words(text))
    whole = [_coverage(phrase, typed) for phrase in phrases if phrase]
    named = max(whole, default=0.0)
    return 100 * max(_coverage(typed, known), named if named >= 0.75 else 0.0)


def _coverage(wanted: Iterable[str], among: Iterable[str]) -> float:
    """Return which part of the letters of `wanted` is found in `among`, by the word."""
    candidates = list(among)
    pairs = [(len(word), max((likeness(word, each) for each in candidates), default=0.0)) for word in wanted]
    return sum(length * found for length, found in pairs) / sum(length for length, _ in pairs)


def best(scores: Iterable[tuple[float, str]]) -> list[str]:
    """Return the keys of those likely meant, the likeliest first; equals keep their order."""
    likely = sorted((each for each in scores if each[0] >= LIKELY), key=lambda each: -each[0])
    return [key for score, key in likely if score >= likely[0][0] * BESIDE_THE_BEST]
