"""What damaged questionnaires hold: values, expressions, XPath and cells that nobody meant, and damage to bytes."""

from __future__ import annotations

import random
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.1, 1e308, float("inf"), float("-inf"), float("nan"),
    "", " ", "\n", "0", "-", "~", "null", "yes", "no", "1e400", "०", "٣", "Ⅷ", "_", "__", "a" * 40, "a" * 70_000, "é" * 300,
    "x\u0000y", "\u202eright", "zero\u200bwidth", "\ufeffmark", "\ud7ff", "\uffff", "𝐚", "ｆｕｌｌ", "cенім", "Ⅰ", "class", "lambda", "None",
    "${", "${}", "${a b}", "${nobody}", "[[", "[[nobody]]", "[[a b]]", "{}", "{0}", "%s", "<b>", "&amp;", "=1+1", "@SUM", "+x", "-x(",
    "en", "kk", "2026-01-01", "2026-02-30", "0000-00-00", "9999-99-99", "trust11", "yes_no", "98", 98, 99, 97,
    [], {}, [1], [None], [[]], {"a": 1}, {1: 2}, {None: 1}, {True: "x"}, [1, "1"], [1, 1], {"en": 1}, {"en": None}, {"": "x"},
    list(range(3000)), {str(n): n for n in range(800)}, {"codes": []}, {"codes": [1, 1], "labels": {2: "x"}}, {"codes": [float("nan")]},
)  # fmt: skip
RAW = (
    "0b_",
    "0x_",
    "0o8",
    "017",
    "1_0",
    "12:30",
    "1e5",
    "9" * 4400,
    "<<",
    "=",
    "!",
    "!!str",
    "&a",
    "*a",
    "|",
    ">-",
    "?",
    "- x",
    "@x",
    "`x`",
    "%x",
    ".inf",
    ".nan",
    "[",
    "}",
    "'",
    '"',
)
EXPRESSIONS = (
    "", "1", "1 == 1", "a", "a ==", "== 1", "a = 1", "a == b == c", "a == 1 and", "not", "not not not a == 1", "a in ()", "a in (1)", "a in 1",
    "a in (a, 1)", "a in [1, [2]]", "a == 'x", "a == \"x\\\"", "a == 0x10", "a == 1_000", "a == 1e999", "a == -1e999", "a == 1j", "a == b'x'",
    "a == None", "a == True", "a is 1", "a == ...", "a[0] == 1", "a.b == 1", "a() == 1", "(a := 1)", "lambda: 1", "a if b else c", "[x for x in a]",
    "__import__('os').system('true')", "answered()", "answered(1)", "answered(a, b)", "answered(nobody)", "selected(a)", "selected(a, b)",
    "selected(nobody, 1)", "count_selected(a) > 1", "count(nobody) > 1", "sum(a) > 1", "min() > 1", "floor() == 1", "floor(floor(a)) == 1",
    "year(a) == 2026", "month('x') == 1", "a / 0 == 1", "a ** 9 ** 9 == 1", "a % 2 == 1", "a // 2 == 1", "a << 99999999 == 1",
    "9" * 900 + " == a", "a == " + "9" * 900, "a == '" + "x" * 900 + "'", "(" * 90 + "a == 1" + ")" * 90, "(" * 300 + "a == 1" + ")" * 300,
    "not " * 60 + "a == 1", " or ".join(["a == 1"] * 150), "-" * 200 + "1 == a", "a == 1 or " * 99 + "a == 2", "a < 1 < 2 < 3 < 4", "a == 1;",
    "a == 1\n", "a == 1 # why", "é == 1", "a == '2026-13-45'", "a < 'x'", "${a} = 1", "f'{a}' == 1", "a == 1 if a == 2 else a == 3", "\t a == 1",
    "a != a", "a == a", "consent == 1 and consent == 2", "consent == 98", "consent == 3", "consent > 1e300", "age == age + 1", "age >= 0.1 + 0.2",
    "age / (age - age) > 1", "age - age == 0", "age * age * age * age == 7", "age >= 18 or age < 18", "interview_date > '2026-01-01'",
)  # fmt: skip
XPATHS = (
    "(", ")", "((((", "'", "\"", "1", "true()", "false()", "not()", "not(true())", "${", "${}", "${nobody} = 1", "${a b} = 1", "${consent}", "${consent} == 1",
    "${consent} => 1", "${consent} = '1' or", "and", "or or or", "${consent} = 1 and and", "selected()", "selected(${consent})", "selected(., '1')",
    "selected(${consent}, ${consent})", "count-selected(.) > 1", "count(${nobody}) > 0", "if()", "if(1)", "if(${consent} = 1, 1, '')", "coalesce()", "once()",
    "once(random())", "int(random() * 0) + 1", "int(random() * 1000000) + 1", "once(int(random() * 3) + 1)", "random()", "uuid()", "today()", ". <= today()",
    ". = 98 or . = 99 or (. >= 0 and . <= 10)", ". = .", ". > . + 1", ". < 1 and . > 2", ". = 98", ". != ''", "not(. = '')", "string-length(.) > 3",
    "regex(., '^[a-z]+$')", "../a = 1", "/data/a = 1", "//a", "a[1]", "${consent}[. != ''] = 1", "sum(${consent}[. = 1])", "position(..) <= 3", "concat('a', 'b')",
    "jr:choice-name(${consent}, '${consent}')", "coalesce(${consent__a}, ${consent__b})", "format-date(today(), '%Y')", "number(format-date(${interview_date}, '%Y%m%d')) > 'x'",
    "${interview_date} > '2026-99-99'", "1 div 0 = ${consent}", "${consent} mod 0 = 1", "-" * 300 + "1", "(" * 90 + "1" + ")" * 90, "(" * 3000 + "1" + ")" * 3000,
    "not(" * 80 + "${consent} = 1" + ")" * 80, "if(" * 60 + "1" + ",1,2)" * 60, " or ".join(["${consent} = 1"] * 800), " + ".join(["${age}"] * 2000), "9" * 5000,
    "'" + "x" * 20000 + "'", "≠", "${consent} ≤ 1", "${consent} = “1”", "${consent}\u0000 = 1", "=1+1", "x" * 30000, "${consent} = 1 | ${consent} = 2", "@a = 1",
    "if(${a} < 0 and int(${a}) != ${a}, int(${a}) - 1, int(${a}))", "not(${order} > 1)", "(${order} + 2) mod 3 + 1 > 1", "${consent} = 1e5", "1 = 1", "'a' < 'b'",
    "if(if(${age} > 1, true(), false()), ${age} > 2, ${age} > 3)", "if(${consent} = 1, if(${age} > 1, 1, 2), if(${age} > 2, 3, 4)) = if(${consent} = 2, 1, 2)",
    "(" + " + ".join(f"if(${{consent}} = {n}, 1, 0)" for n in range(24)) + ") > 3", " and ".join(f"not(${{consent}} = {n} or ${{age}} > {n})" for n in range(60)),
)  # fmt: skip
CELLS = (
    "", " ", "yess", "TRUE", "no", "1", "0", "-1", "98", "1.0", "text", "integer", "select_one", "select_one nobody", "select_multiple yes_no or_other", "selct_one yes_no",
    "begin_group", "end_group", "begin_repeat", "end_repeat", "begin group", "begin_loop", "note", "calculate", "image", "geopoint", "audit", "range", "rank yes_no",
    "start", "hidden", "acknowledge", "consent", "Consent", "CONSENT", "a b", "1a", "a-b", "a.b", "class", "é", "a" * 300, "x" * 33000, "_", "__a", "consent__a", "consent__b",
    "\u200b", "\u202e", "[[x]]", "${nobody}", "${consent", "field-list", "table-list", "randomize=true", "randomize=true, seed=${nobody}", "seed=1", "order = 1", "name = 1",
    "start=x end=y", "start=1 end=0 step=0", "<b>", "&lt;", "Don't know", "Refused", "other", "English (en)", "label::English (en)", "cенім", "\n\n\n", "a\tb", "_x0000_", "_x001F_",
)  # fmt: skip
BILLION = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [" + ", ".join([f"*{chr(97 + n)}"] * 9) + "]\n" for n in range(9)
)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Change, add, double or take away bytes."""
    out = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 30))):
        at = rng.randrange(len(out) or 1)
        how = rng.randrange(6)
        if how == 0:
            out[at : at + 1] = bytes([rng.randrange(256)])
        elif how == 1:
            out[at:at] = rng.choice(
                (
                    b"\x00",
                    b"\xff",
                    b"\t",
                    b"\r",
                    b"'",
                    b'"',
                    b"{",
                    b"]",
                    b":",
                    b"&a",
                    b"*a",
                    b"!x",
                    b"#",
                    b"|",
                    b"\xe2\x80\xa8",
                    b"\xef\xbb\xbf",
                )
            )
        elif how == 2:
            del out[at : at + rng.choice((1, 2, 50))]
        elif how == 3 and len(out) > 10:
            other = rng.randrange(len(out))
            out[at], out[other] = out[other], out[at]
        elif how == 4:
            out[at:at] = out[at : at + rng.choice((1, 20, 400))]
        elif rng.random() < 0.1:
            out = out[:at]
    if rng.random() < 0.03:
        return bytes(out).decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-32", "cp1251")), "replace")
    return bytes(out)
