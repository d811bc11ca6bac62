#!/usr/bin/env python3
# /// script
# requires-python = ">=3.10"
# dependencies = ["tokenizers==0.23.3"]
# ///
"""Writes the goldens of Tests/TokenizationTests from the reference implementation.

    Scripts/make-tokenizer-goldens.py weights/all-MiniLM-L6-v2/tokenizer.json

Only the reference decides what is right: the script makes up texts and records what Hugging Face `tokenizers` answers.
The same versions give the same files, byte for byte.

    tokenizer-cases-*.jsonl   texts and their ids, cut to 256 tokens
    truncation-cases.jsonl    texts, limits, and how many tokens are lost
    word-cases.jsonl          texts and their words under other options than the model's
    code-point-sweep.txt      checksums of the words that every Unicode code point makes, a line for 1,024 code points
    added-token-cases.jsonl   a vocabulary, then added tokens with all kinds of flags, texts and their ids
    word-characters.txt       stretches of code points that a token which must be a word by itself cannot stand beside
"""

import argparse
import itertools
import json
import pathlib
import random
import sys
import unicodedata
import zlib

import tokenizers

PINNED = "0.23.3"
MAX_TOKENS = 256
MAX_FILE_BYTES = 600_000
FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TokenizationTests" / "Fixtures"
SPECIAL_TOKENS = ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"]

# Marks that stay (spacing ones with a combining class, ones too new for the reference) and marks that are stripped.
KEPT_MARKS = [0x302E, 0x302F, 0x1D165, 0x1D16D, 0x1D172, 0x08D4, 0x1DFB, 0x11442, 0x1E000, 0x07FD, 0x1715, 0x0903]
STRIPPED_MARKS = [0x0301, 0x0308, 0x0323, 0x0334, 0x0345, 0x0E38, 0x05B0, 0x0941, 0x20D0, 0x1D167, 0xFE0F, 0xE0100]
# Blocks that Unicode 15 added, for a Python whose `unicodedata` is older.
UNICODE_15 = [(0x10EC0, 0x10EFF), (0x11B00, 0x11B5F), (0x11F00, 0x11F5F), (0x1D2C0, 0x1D2DF), (0x1E030, 0x1E08F),
              (0x1E4D0, 0x1E4FF), (0x31350, 0x323AF)]
# Uniform scripts, from which fewer samples do.
LARGE = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA48F), (0xAC00, 0xD7A3), (0xE000, 0xF8FF), (0x13000, 0x1342F),
         (0x17000, 0x18CFF), (0x20000, 0x323AF), (0xF0000, 0x10FFFF)]


def code_points():
    return itertools.chain(range(0xD800), range(0xE000, 0x110000))


def is_within(code_point, ranges):
    return any(first <= code_point <= last for first, last in ranges)


def block_cases(rng):
    """Blocks begin at multiples of 16, so a sample from each row of 16 reaches every block."""
    for row in range(0, 0x110000, 16):
        if 0xD800 <= row < 0xE000 or (is_within(row, LARGE) and row % 0x200):
            continue
        assigned = [chr(c) for c in range(row, row + 16)
                    if unicodedata.category(chr(c)) != "Cn" or is_within(c, UNICODE_15)]
        if not assigned:
            continue
        yield rng.choice(assigned)
        yield f"a{rng.choice(assigned)}b"
        character = rng.choice(assigned)
        marks = rng.sample(KEPT_MARKS, 2) + rng.sample(STRIPPED_MARKS, 2)
        rng.shuffle(marks)
        yield character + "".join(map(chr, marks)) + " e" + chr(marks[0]) + character


def control_cases():
    ignored = [*range(0x20), *range(0x7F, 0xA1), 0xAD, 0x0600, 0x061C, 0x06DD, 0x070F, 0x0890, 0x08E2, 0x1680, 0x180E,
               *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0xFEFF, 0xFFF9, 0xFFFC,
               0xFFFD, 0xFFFE, 0xFFFF, 0x110BD, 0x110CD, 0x13430, 0x1BCA0, 0x1D173, 0xE0001, 0xE0020, 0xE007F, 0xE000,
               0xF8FF, 0xF0000, 0x10FFFF]
    for code_point in ignored:
        character = chr(code_point)
        yield f"in{character}side {character} {character}{character}.{character}"
        yield f"e{character}\u0301\u302e{character}\U0001d165"
    yield "\u202ertl\u202c \u2066isolate\u2069 \u200fmark\u200e"
    yield "\ufeffbyte order mark"


def mark_cases(rng):
    marks = KEPT_MARKS + STRIPPED_MARKS
    bases = ["a", "E", "\u00e9", "\u1e69", "\u4e2d", "\uac01", "\u0930", "\u0f40", "!", " ", "", "\u200b", "\u0130"]
    for _ in range(600):
        sequence = [rng.choice(marks) for _ in range(rng.randint(1, 9))]
        if rng.random() < 0.3:
            sequence.insert(rng.randrange(len(sequence) + 1), rng.choice([0x00AD, 0x200D, 0x0F73, 0x0344, 0x1D15F]))
        yield rng.choice(bases) + "".join(map(chr, sequence)) + rng.choice(bases)
    for count in (20, 99, 100, 101, 102, 150):
        for mark in ("\u0301", "\u302e", "\U0001d165", "\u302e\U0001d165"):
            yield "a" + mark * count + "b c"


def script_cases(rng):
    yield from ["가각힣 한국어", "\u1100\u1161\u11a8 \u1112\u1161\u11ab", "서울특별시 데이터",
                "İstanbul ISPARTA ışık İİ i\u0307", "Straße STRASSE ẞ GROẞE ß",
                "ΟΔΥΣΣΕΥΣ ΣΑΣ Σ ς σ ΑΣ. ΑΣ1 ΆΣ", "ﬁne ﬂow ﬀ ﬃ ﬄ ﬅ ﬆ ĳ Ǆ ǅ ǆ Œ œ", "ＦＵＬＬ　ｗｉｄｔｈ １２３！？［ＳＥＰ］ ｶﾀｶﾅ",
                "K Å Ω \u212a\u212b\u2126", "\u2260 \u226e \u226f a\u2260b =\u0338 <\u0338 \u037e \u0387 \u1fef \u2329",
                "👩\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 👍🏽 🇩🇪 1\ufe0f\u20e3 ❤\ufe0f", "日本語とEnglishの混在テキスト、です。",
                "中文，字符。\U00020000\U0002a6d6\U0002a700\U0002b740\U0002b820\U0002b91f\U0002b920\U0002ceb0\U0002f800"
                "\U00030000\U00031350", "\uf900\ufa0e\ufa30\ufad9 \u9fff\ua000 \u3007\u3400\u4dbf\u4dc0\u31c0\u2f00",
                "הַשָּׁלוֹם עַל־יִשְׂרָאֵל", "مُحَمَّد العربيّة ۱۲۳، نص؟", "हिन्दी में डेटा क्षत्रिय", "ภาษาไทย น้ำ", "བོད་ཡིག ཀྲུང་",
                "Việt Nam Tiếng", "Ελληνικά Ἀρχιμήδης ᾳ ᾼ ᾲ", "русский ЁЖ Йод й", "ქართული ᲥᲐᲠᲗᲣᲚᲘ Ⴀ", "ᏣᎳᎩ ꭰꭱ", "𐐀𐐨 𞤀𞤢 𐲀𐳀",
                "don't can`t “quoted” — dash… ‘x’ «y» 50% $5 §3 ©®™ a_b x^2 ~/.ssh a|b <tag/> #1 @me 3.14e-10",
                "H2O CO₂ m² 10⁻³ ½ Ⅷ №5 ①", "##hash # #ing ##", "http://example.org/a?b=c&d=%20#e user@example.org",
                "snake_case camelCase SCREAMING kebab-case", "ɤ \ua7cb \ua7dc \ua7da \U00010d50 \U00016ea0 \u1c89"]
    words = ["data", "Überraschung", "naïve", "данные", "データ", "数据", "가나", "مرحبا", "שלום", "हिन्दी", "Ελλάς", "3.5%",
             "(x)", "İ", "ﬁ", "🙂", "\u200b", "\u00ad", "\t", "\u00a0", "CO₂", "unbelievably", "xqzj", "ΣΑΣ"]
    for _ in range(500):
        yield "".join(rng.choice(words) + rng.choice(["", " ", "-", "\u0301", "\n"]) for _ in range(rng.randint(2, 8)))


def long_word_cases():
    for count in (98, 99, 100, 101, 102, 199, 200, 201, 1000):
        for character in ("a", "A", "é", "e\u0301", "한", "中", "ж", "👍", "\u302e", "İ", "\u00ad1", "a\u200b", "."):
            yield character * count
            yield f"x {character * count} y"
        yield "a" * (count - 1) + "é"
        yield "a" * count + "[SEP]" + "b" * count
        yield "antidisestablishmentarianism" * (count // 28) + "s" * (count % 28)


def special_token_cases(rng):
    for token in SPECIAL_TOKENS:
        yield from [token, token * 2, f"x{token}y", f"[{token}]", f"{token[:-1]}", token[1:], token.lower(), f" {token} ",
                    f"{token}\u0301", f"a\u302e{token}\U0001d165b", f"{token[:2]}\u200b{token[2:]}", f"#{token}#",
                    "a" * 99 + token + "b" * 101, token.replace("[", "［"), f"{token[:3]}{token}{token[3:]}",
                    f"\ufeff{token}\u00ad", f"中{token}文", f"{token}{token.lower()}{token}"]
    pieces = SPECIAL_TOKENS + ["[", "]", "[[", "SEP", "[sep]", "x", " ", "\u0301", "中", "\u00ad", "[SE", "K]", "\u302e"]
    for _ in range(300):
        yield "".join(rng.choice(pieces) for _ in range(rng.randint(2, 8)))


def truncation_cases():
    """Texts of 252 to 258 tokens before the last special token, with all kinds of ends."""
    ends = ["", " ", "\n \t", "\u0301", "\u00ad\u200b", "\ufffd\x00", " \u0301 ", "\u302e", ".", "[SEP]", " [SEP]", "中",
            " unbelievablyxqzj", " " + "q" * 101, " 👍👍", "\u2028", "s", "\u3000\u00ad\u0301[PAD]"]
    for count, end in itertools.product(range(252, 259), ends):
        yield "a " * (count - 1) + "b" + end
    for count in range(251, 257):
        yield "." * count + "strawberriesxqzj"
        yield "中" * count
        yield "[MASK]" * count
        yield "a " * count + "\U0001F9FFxa"
        yield "a " * count + "hello" * 19 + "\u0e01\u4e00"
    yield "lorem ipsum dolor sit amet " * 400


def blank_cases():
    yield from ["", " ", "\n", "\t \r\n", "\u3000\u00a0", "\u0301", "\u0301\u0323 \u0345", "\x00", "\ufffd", "\u00ad",
                "\u200b\u200c\u200d\ufeff", "\ue000\U000f0000", "\x0b\x0c\x85", " \u0301 \u00ad ", "\U000e0100"]


def tokenizer_cases(rng):
    yield from blank_cases()
    yield from script_cases(rng)
    yield from special_token_cases(rng)
    yield from control_cases()
    yield from mark_cases(rng)
    yield from block_cases(rng)
    yield from long_word_cases()
    yield from truncation_cases()


def write_tokenizer_cases(tokenizer, output):
    lines = []
    for text in dict.fromkeys(tokenizer_cases(random.Random(20_240_229))):
        encoding = tokenizer.encode(text)
        record = {"text": text, "ids": encoding.ids, "truncated": bool(encoding.overflowing)}
        lines.append(json.dumps(record, separators=(",", ":")) + "\n")
    for stale in output.glob("tokenizer-cases-*.jsonl"):
        stale.unlink()
    part, size = [], 0
    number = 1
    for line in [*lines, None]:
        if line is None or size + len(line) > MAX_FILE_BYTES:
            (output / f"tokenizer-cases-{number}.jsonl").write_text("".join(part), encoding="ascii")
            part, size, number = [], 0, number + 1
        if line is not None:
            part.append(line)
            size += len(line)
    print(f"{len(lines)} cases in {number - 1} files")


def lost_token_cases():
    """Texts, how often they are repeated, and limits that cut them in all kinds of places."""
    texts = ["unbelievablyxqzj strawberries", "antidisestablishmentarianism", "a " * 5, "a b c d  \n\t ",
             "a b c \u00ad\u0301\u200b", "one" + "\u3000" * 40 + "two", "q" * 101, "a " + "q" * 101 + " b", "x" * 100,
             "data " + "y" * 99 + "\u00e9", "\U0001F9FFa data \U0001F9FF b", "数据と日本語のテキスト。", "a中b文c。d，e",
             "가각힣 한국어 데이터", "Évapotranspiration naïve Überraschung", "e\u0301te\u0301 re\u0323\u0301sume\u0301",
             "a\u302e\U0001d165 b\u302f c d", "a[SEP]b[SEP]c", "[CLS][MASK] [PAD] [UNK][SEP]", "one two [SEP",
             "[sep] x[SEP]y [[SEP]]", "q" * 101 + "[SEP]" + "r" * 101, "don't stop, it's 3.14e-10; (really)!",
             "http://example.org/a?b=c&d=%20#e", "👩\u200d👩\u200d👧 emoji 👍🏽 🇳🇴", "", " ", "\u00a0"]
    for text, limit in itertools.product(texts, [3, 4, 5, 6, 8, 12, 24]):
        yield text, 1, limit
    long_texts = ["wind and rain ", "unbelievably xqzj [SEP]\n", "Évapotranspiration \u2013 数据，", "가각힣" * 40 + " ",
                  "x" * 101 + "."]
    for text, count in itertools.product(long_texts, [30, 250]):
        yield text, count, MAX_TOKENS


def write_truncation_cases(tokenizer, output):
    """What is lost is what the reference has without a limit, less what it has with one."""
    lines = []
    for text, count, limit in dict.fromkeys(lost_token_cases()):
        tokenizer.no_truncation()
        whole = tokenizer.encode(text * count).ids
        tokenizer.enable_truncation(max_length=limit)
        kept = tokenizer.encode(text * count).ids
        record = {"text": text, "repetitions": count, "maxTokens": limit, "ids": kept,
                  "truncatedTokenCount": len(whole) - len(kept)}
        lines.append(json.dumps(record, separators=(",", ":")) + "\n")
    (output / "truncation-cases.jsonl").write_text("".join(lines), encoding="ascii")
    print(f"{len(lines)} truncation cases")


def words(normalizer, pre_tokenizer, text):
    return [word for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text))]


def write_word_cases(output):
    rng = random.Random(7)
    pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    texts = [text for text in dict.fromkeys([*script_cases(rng), *mark_cases(rng), *control_cases()])
             if len(text) < 90 and not any(token in text for token in SPECIAL_TOKENS)]
    texts = texts[:60] + rng.sample(texts[60:], 90)
    lines = []
    for lowercase, strip_accents, chinese in itertools.product([True, False], [None, True, False], [True, False]):
        normalizer = tokenizers.normalizers.BertNormalizer(
            clean_text=True, lowercase=lowercase, strip_accents=strip_accents, handle_chinese_chars=chinese)
        for text in texts:
            record = {"text": text, "lowercase": lowercase, "handleChineseCharacters": chinese,
                      "words": words(normalizer, pre_tokenizer, text)}
            if strip_accents is not None:
                record["stripAccents"] = strip_accents
            lines.append(json.dumps(record, separators=(",", ":")) + "\n")
    (output / "word-cases.jsonl").write_text("".join(lines), encoding="ascii")
    print(f"{len(lines)} word cases")


def write_sweep(tokenizer, output):
    """A line holds the first of 1,024 code points and a CRC-32 of their words, each followed by a zero byte."""
    checksums = {}
    for code_point in code_points():
        character = chr(code_point)
        text = f"a{character}b {character} \u302f{character}\U0001d165{character}\u0334"
        key = code_point & ~0x3FF
        for word in words(tokenizer.normalizer, tokenizer.pre_tokenizer, text):
            checksums[key] = zlib.crc32(word.encode() + b"\0", checksums.get(key, 0))
    lines = [f"{first:06X} {checksum:08x}\n" for first, checksum in sorted(checksums.items())]
    (output / "code-point-sweep.txt").write_text("".join(lines), encoding="ascii")
    print(f"{len(lines)} sweep checksums")


def small_tokenizer(vocabulary, lowercase=True):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(
        {token: id for id, token in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return tokenizer


def added_token_sets(rng):
    """Tokens of the vocabulary and others, words and pieces, some beginning alike, in every combination of flags."""
    spellings = ["sea", "Sea", "SEA ice", "se", "a", "ice", "[X]", "[x]", "<unk>", "\u6d77\u6c34", "\u6c34", "\u00e9", "e\u0301",
                 "_", "-", "ic", "a b", "3", "\u00df", "\u0130"]
    for _ in range(120):
        yield [{"content": spelling, "singleWord": rng.random() < 0.4, "normalized": rng.random() < 0.5,
                "special": rng.random() < 0.5} for spelling in rng.sample(spellings, rng.randint(1, 6))]


def write_added_token_cases(output):
    rng = random.Random(20_261_126)
    letters = "abcdefghijklmnopqrstuvwxyz"
    vocabulary = ["[UNK]", *letters, *("##" + letter for letter in letters), *"[]<>_-3.", "sea", "ice", "<unk>",
                  "\u6d77", "\u6c34"]
    parts = ["sea", "Sea", "SEA", "ice", " ", "  ", "-", "_", "[X]", "[x]", "<unk>", "<UNK>", "\u6d77", "\u6c34", "\u00e9",
             "e\u0301", "\u00c9", "a", "b", "A B", ".", "\u200b", "\u200d", "\u0301", "3", "\u00df", "\u0130", "\u00a0", "x"]
    lines = [json.dumps({"vocabulary": vocabulary}, separators=(",", ":"))]
    for tokens in added_token_sets(rng):
        lowercase, splits = rng.random() < 0.7, rng.random() < 0.2
        tokenizer = small_tokenizer(vocabulary, lowercase)
        # Of two that are the same when they are normalized the reference finds now this one, now that.
        alike = {}
        for token in tokens:
            alike.setdefault(tokenizer.normalizer.normalize_str(token["content"]) if token["normalized"] else token["content"],
                             token)
        tokens = list(alike.values())
        tokenizer.add_tokens([tokenizers.AddedToken(
            token["content"], single_word=token["singleWord"], normalized=token["normalized"], special=token["special"])
            for token in tokens])
        tokenizer.encode_special_tokens = splits
        for _ in range(10):
            text = "".join(rng.choice(parts) for _ in range(rng.randint(1, 10)))
            lines.append(json.dumps({"tokens": tokens, "lowercase": lowercase, "splits": splits, "text": text,
                                     "ids": tokenizer.encode(text).ids}, separators=(",", ":")))
    (output / "added-token-cases.jsonl").write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{len(lines) - 1} added token cases")


def write_word_characters(output):
    tokenizer = small_tokenizer(["[UNK]", "Q"], lowercase=False)
    tokenizer.add_tokens([tokenizers.AddedToken("Q", single_word=True, normalized=False, special=True)])
    stretches = []
    for code_point in code_points():
        # The last one is found unless it stands beside a word character.
        if tokenizer.encode(chr(code_point) + "Q").ids[-1:] == [1] and chr(code_point) != "Q":
            continue
        if stretches and stretches[-1][1] == code_point - 1:
            stretches[-1][1] = code_point
        else:
            stretches.append([code_point, code_point])
    lines = [f"{first:06X} {last:06X}\n" for first, last in stretches]
    (output / "word-characters.txt").write_text("".join(lines), encoding="ascii")
    print(f"{len(lines)} stretches of word characters")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer", help="the model's tokenizer.json")
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES, help="folder for the files")
    arguments = parser.parse_args()
    if tokenizers.__version__ != PINNED:
        sys.exit(f"tokenizers {tokenizers.__version__} is installed, the goldens are made with {PINNED}")
    print(f"tokenizers {tokenizers.__version__}, Python {sys.version.split()[0]}, Unicode {unicodedata.unidata_version}")
    arguments.output.mkdir(parents=True, exist_ok=True)
    tokenizer = tokenizers.Tokenizer.from_file(arguments.tokenizer)
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=MAX_TOKENS)
    write_tokenizer_cases(tokenizer, arguments.output)
    write_truncation_cases(tokenizer, arguments.output)
    write_word_cases(arguments.output)
    write_sweep(tokenizer, arguments.output)
    write_added_token_cases(arguments.output)
    write_word_characters(arguments.output)


if __name__ == "__main__":
    main()
