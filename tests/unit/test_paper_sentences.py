"""Conditions and computed values in words, in Kazakh, Russian and English: every operator of the language."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey_kit.instrument import Instrument, Item, Module, Repeat, Scale, inspect
from survey_kit.instrument.export.sentences import Sentences, in_words, letters, numbers, value_in_words
from survey_kit.instrument.export.sentences_clauses import meets
from survey_kit.instrument.export.sentences_numbers import piped, routes
from survey_kit.language import known_languages

ROOT = Path(__file__).parents[2]
INSTRUMENTS = sorted(path.parent.name for path in (ROOT / "instruments").glob("*/instrument.yaml"))


def texts(en: str, kk: str, ru: str) -> dict[str, str]:
    return {"en": en, "kk": kk, "ru": ru}


YES_NO = Scale(codes=(1, 2), labels={1: texts("Yes", "Иә", "Да"), 2: texts("No", "Жоқ", "Нет")})
WAYS = Scale(
    codes=(1, 2, 3, 4, 5, 6),
    labels={
        1: texts("Radio", "Радио", "Радио"),
        2: texts("Television", "Теледидар", "Телевидение"),
        3: texts("Paper", "Газет", "Газета"),
        4: texts("Web", "Интернет", "Интернет"),
        5: texts("Friends", "Достар", "Друзья"),
        6: texts("Nothing", "Ештеңе", "Ничего"),
    },
)
TRUST = Scale(
    codes=tuple(range(11)),
    ends={0: texts("Not at all", "Мүлде", "Совсем нет"), 10: texts("Fully", "Толық", "Полностью")},
)
REGION = Scale(
    codes=("KZ-10", "KZ-71"),
    labels={"KZ-10": texts("Abai", "Абай", "Абай"), "KZ-71": texts("Astana", "Астана", "Астана")},
)
FORM = Instrument(
    id="a",
    version="1",
    scales={"yes_no": YES_NO, "ways": WAYS, "trust": TRUST, "region": REGION},
    modules=(
        Module(
            id="first",
            items=(
                Item(id="half", type="arm", scale="yes_no"),
                Item(id="contact", scale="yes_no"),
                Item(id="ways", type="multiple", scale="ways", exclusive=(6,)),
                Item(id="trust", scale="trust"),
                Item(id="region", scale="region"),
                Item(id="age", type="integer"),
                Item(id="pay", type="decimal"),
                Item(id="day", type="date"),
                Item(id="job", type="text"),
                Item(id="channel", scale="ways"),
                Item(id="grid", type="grid", scale="yes_no", rows=tuple(Item(id=f"row{n}") for n in range(4))),
                Item(id="size", type="integer"),
            ),
        ),
        Module(id="members", repeat=Repeat(count="size", most=8), items=(Item(id="member_age", type="integer"),)),
    ),
)

CONDITIONS = [
    ("contact == 1", "the answer to A1 is “Yes”", "A1 жауабы — «Иә»", "ответ на A1 — «Да»"),
    ("contact != 1", "the answer to A1 is “No”", "A1 жауабы — «Жоқ»", "ответ на A1 — «Нет»"),
    ("not contact == 1", "the answer to A1 is “No”", "A1 жауабы — «Жоқ»", "ответ на A1 — «Нет»"),
    ("contact in (1, 2)", "A1 was answered", "A1 сұрағына жауап берілді", "на A1 дан ответ"),
    ("answered(contact)", "A1 was answered", "A1 сұрағына жауап берілді", "на A1 дан ответ"),
    (
        "not answered(contact)",
        "A1 has no answer (don’t know, refused or not asked)",
        "A1 сұрағына жауап жоқ (білмейді, бас тартты немесе сұралмады)",
        "на A1 нет ответа (не знает, отказался или не спрашивали)",
    ),
    (
        "channel in (1, 2)",
        "the answer to A9 is “Radio” or “Television”",
        "A9 жауабы — «Радио» немесе «Теледидар»",
        "ответ на A9 — «Радио» или «Телевидение»",
    ),
    (
        "channel not in (6,)",
        "A9 was answered, but not with “Nothing”",
        "A9 сұрағына жауап берілді, бірақ ол «Ештеңе» емес",
        "на A9 дан ответ, но не «Ничего»",
    ),
    (
        "channel <= 2",
        "the answer to A9 is “Radio” or “Television”",
        "A9 жауабы — «Радио» немесе «Теледидар»",
        "ответ на A9 — «Радио» или «Телевидение»",
    ),
    ("trust > 5", "the answer to A3 has code 6–10", "A3 жауабының коды — 6–10", "код ответа на A3 — 6–10"),
    (
        "trust in (0, 5, 9, 10)",
        "the answer to A3 has code 0, 5, 9 or 10",
        "A3 жауабының коды — 0, 5, 9 немесе 10",
        "код ответа на A3 — 0, 5, 9 или 10",
    ),
    ("region == 'KZ-71'", "the answer to A4 is “Astana”", "A4 жауабы — «Астана»", "ответ на A4 — «Астана»"),
    ("contact == 7", "never", "ешқашан", "никогда"),
    ("age == 18", "the number in A5 is 18", "A5 сұрағындағы сан — 18", "число в A5 — 18"),
    ("age != 18", "the number in A5 is not 18", "A5 сұрағындағы сан — 18 емес", "число в A5 — не 18"),
    ("age >= 18", "the number in A5 is 18 or more", "A5 сұрағындағы сан — кемінде 18", "число в A5 — 18 или больше"),
    ("age > 17", "the number in A5 is 18 or more", "A5 сұрағындағы сан — кемінде 18", "число в A5 — 18 или больше"),
    ("17 < age", "the number in A5 is 18 or more", "A5 сұрағындағы сан — кемінде 18", "число в A5 — 18 или больше"),
    (
        "not age >= 18",
        "the number in A5 is 17 or less",
        "A5 сұрағындағы сан — ең көбі 17",
        "число в A5 — 17 или меньше",
    ),
    (
        "age > 17.5",
        "the number in A5 is more than 17.5",
        "A5 сұрағындағы сан — 17,5 санынан көп",
        "число в A5 — больше 17,5",
    ),
    ("pay < 3", "the number in A6 is less than 3", "A6 сұрағындағы сан — 3 санынан аз", "число в A6 — меньше 3"),
    ("pay >= -1", "the number in A6 is −1 or more", "A6 сұрағындағы сан — кемінде −1", "число в A6 — −1 или больше"),
    ("age in (18, 21)", "the number in A5 is 18 or 21", "A5 сұрағындағы сан — 18 немесе 21", "число в A5 — 18 или 21"),
    (
        "18 <= age < 30",
        "the number in A5 is 18 or more and the number in A5 is 29 or less",
        "A5 сұрағындағы сан — кемінде 18 және A5 сұрағындағы сан — ең көбі 29",
        "число в A5 — 18 или больше, и число в A5 — 29 или меньше",
    ),
    (
        "not 18 <= age < 30",
        "the number in A5 is 17 or less or the number in A5 is 30 or more",
        "A5 сұрағындағы сан — ең көбі 17 немесе A5 сұрағындағы сан — кемінде 30",
        "число в A5 — 17 или меньше, или число в A5 — 30 или больше",
    ),
    (
        "day >= '2026-07-01'",
        "the date in A7 is 2026-07-01 or later",
        "A7 сұрағындағы күн — 01.07.2026 немесе одан кейін",
        "дата в A7 — 01.07.2026 или позже",
    ),
    (
        "day < '2026-07-01'",
        "the date in A7 is before 2026-07-01",
        "A7 сұрағындағы күн — 01.07.2026 күнінен бұрын",
        "дата в A7 — раньше 01.07.2026",
    ),
    (
        "day > '2026-07-01'",
        "the date in A7 is later than 2026-07-01",
        "A7 сұрағындағы күн — 01.07.2026 күнінен кейін",
        "дата в A7 — позже 01.07.2026",
    ),
    (
        "day <= '2026-07-01'",
        "the date in A7 is 2026-07-01 or earlier",
        "A7 сұрағындағы күн — 01.07.2026 немесе одан бұрын",
        "дата в A7 — 01.07.2026 или раньше",
    ),
    ("year(day) == 2026", "the year in A7 is 2026", "A7 сұрағындағы жыл — 2026", "год в A7 — 2026"),
    ("month(day) < 7", "the month in A7 is 6 or less", "A7 сұрағындағы ай — ең көбі 6", "месяц в A7 — 6 или меньше"),
    ("job == 'clerk'", "the answer to A8 is “clerk”", "A8 жауабы — «clerk»", "ответ на A8 — «clerk»"),
    (
        "selected(ways, 1)",
        "the answers to A2 include “Radio”",
        "A2 жауаптарының ішінде «Радио» бар",
        "среди ответов на A2 есть «Радио»",
    ),
    (
        "selected(ways, 1, 3)",
        "the answers to A2 include at least one of these: “Radio”, “Paper”",
        "A2 жауаптарының ішінде мыналардың кемінде біреуі бар: «Радио», «Газет»",
        "среди ответов на A2 есть хотя бы один из этих: «Радио», «Газета»",
    ),
    (
        "selected(ways, 1, 2, 3, 4, 5)",
        "the answers to A2 include something other than “Nothing”",
        "A2 жауаптарының ішінде мұнан басқасы бар: «Ештеңе»",
        "среди ответов на A2 есть что-то, кроме «Ничего»",
    ),
    (
        "not selected(ways, 1)",
        "A2 was answered, and the answers do not include “Radio”",
        "A2 сұрағына жауап берілді, бірақ жауаптардың ішінде «Радио» жоқ",
        "на A2 дан ответ, но среди ответов нет «Радио»",
    ),
    (
        "not selected(ways, 1, 2, 3)",
        "A2 was answered, and the answers include none of the codes 1–3",
        "A2 сұрағына жауап берілді, бірақ жауаптардың ішінде мына кодтардың бірде-бірі жоқ: 1–3",
        "на A2 дан ответ, но среди ответов нет ни одного из кодов 1–3",
    ),
    (
        "count_selected(ways) > 2",
        "the number of answers to A2 is 3 or more",
        "A2 жауаптарының саны — кемінде 3",
        "количество ответов на A2 — 3 или больше",
    ),
    ("half == 2", "draw №1 is “No”", "№1 жеребе — «Жоқ»", "жребий №1 — «Нет»"),
    ("age <= size", "A5 is at most A11", "A5 мәні A11 мәнінен аспайды", "A5 не больше, чем A11"),
    (
        "age - size > pay * 2",
        "A5 − A11 is more than A6 × 2",
        "A5 − A11 мәні A6 × 2 мәнінен көп",
        "A5 − A11 больше, чем A6 × 2",
    ),
    ("age != size", "A5 differs from A11", "A5 мәні A11 мәніне тең емес", "A5 не равно A11"),
    (
        "contact == 1 and age >= 18",
        "the answer to A1 is “Yes” and the number in A5 is 18 or more",
        "A1 жауабы — «Иә» және A5 сұрағындағы сан — кемінде 18",
        "ответ на A1 — «Да», и число в A5 — 18 или больше",
    ),
    (
        "not (contact == 1 or age >= 18)",
        "the answer to A1 is “No” and the number in A5 is 17 or less",
        "A1 жауабы — «Жоқ» және A5 сұрағындағы сан — ең көбі 17",
        "ответ на A1 — «Нет», и число в A5 — 17 или меньше",
    ),
    (
        "contact == 1 and (age < 18 or trust == 0)",
        "the answer to A1 is “Yes” and (the number in A5 is 17 or less or the answer to A3 has code 0)",
        "A1 жауабы — «Иә» және (A5 сұрағындағы сан — ең көбі 17 немесе A3 жауабының коды — 0)",
        "ответ на A1 — «Да», и (число в A5 — 17 или меньше, или код ответа на A3 — 0)",
    ),
    ("answered(contact) and contact == 1", "the answer to A1 is “Yes”", "A1 жауабы — «Иә»", "ответ на A1 — «Да»"),
    (
        "row0 == 1 or row1 == 1 or row2 == 1 or contact == 1",
        "the answer to at least one of A1, A10a–A10c is “Yes”",
        "A1, A10a–A10c сұрақтарының кемінде біреуінің жауабы — «Иә»",
        "хотя бы на один из вопросов A1, A10a–A10c дан ответ «Да»",
    ),
    (
        "row0 == 2 and row2 == 2",
        "the answer to each of A10a, A10c is “No”",
        "A10a, A10c сұрақтарының әрқайсысының жауабы — «Жоқ»",
        "на каждый из вопросов A10a, A10c дан ответ «Нет»",
    ),
    (
        "count(members) >= 2",
        "the number of columns filled in part B is 2 or more",
        "B бөлімінде толтырылған бағандар саны — кемінде 2",
        "количество заполненных столбцов в части B — 2 или больше",
    ),
    (
        "sum(member_age) > 99.5",
        "the sum of B1 over all columns is more than 99.5",
        "B1 бойынша барлық бағандардың қосындысы — 99,5 санынан көп",
        "сумма B1 по всем столбцам — больше 99,5",
    ),
    (
        "min(member_age) < 18.5",
        "the smallest number in B1 is less than 18.5",
        "B1 қатарындағы ең кіші сан — 18,5 санынан аз",
        "наименьшее число в B1 — меньше 18,5",
    ),
    (
        "max(member_age) == 40",
        "the largest number in B1 is 40",
        "B1 қатарындағы ең үлкен сан — 40",
        "наибольшее число в B1 — 40",
    ),
]

VALUES = [
    ("age + size", "A5 + A11", "A5 + A11", "A5 + A11"),
    ("age - (size - 1)", "A5 − (A11 − 1)", "A5 − (A11 − 1)", "A5 − (A11 − 1)"),
    (
        "floor(age / 10)",
        "(A5 ÷ 10) rounded down",
        "(A5 ÷ 10) (төмен қарай дөңгелектеп)",
        "(A5 ÷ 10) (с округлением вниз)",
    ),
    (
        "1 if contact == 1 else 0",
        "1 if the answer to A1 is “Yes”; otherwise 0",
        "1, егер мына шарт орындалса: A1 жауабы — «Иә»; әйтпесе 0",
        "1, если ответ на A1 — «Да»; иначе 0",
    ),
    (
        "(1 if answered(row0) and row0 == 1 else 0) + (1 if row1 == 1 else 0) + (1 if row2 == 1 else 0)",
        "how many times the answer “Yes” was given in A10a–A10c",
        "A10a–A10c сұрақтарында «Иә» жауабы неше рет берілді",
        "сколько раз дан ответ «Да» в A10a–A10c",
    ),
]


@pytest.mark.parametrize(("condition", "en", "kk", "ru"), CONDITIONS)
def test_conditions_in_words(condition: str, en: str, kk: str, ru: str) -> None:
    assert {one: in_words(FORM, condition, one) for one in ("en", "kk", "ru")} == {"en": en, "kk": kk, "ru": ru}


@pytest.mark.parametrize(("value", "en", "kk", "ru"), VALUES)
def test_computed_values_in_words(value: str, en: str, kk: str, ru: str) -> None:
    assert {one: value_in_words(FORM, value, one) for one in ("en", "kk", "ru")} == {"en": en, "kk": kk, "ru": ru}


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_condition_of_an_instrument_can_be_said(name: str) -> None:
    instrument = inspect(ROOT / "instruments" / name, None, None)
    for language in ("en", "kk", "ru"):
        say = Sentences(instrument, language)
        for expression in routes(instrument):
            told = say.condition(expression.text)
            assert told
            assert "never" not in told.split()
            ids = [item.id for item in instrument.items if "_" in item.id and f"{item.id} " in f"{told} "]
            assert ids == []


def test_the_catalogue_speaks_three_languages() -> None:
    assert known_languages("paper") == ("en", "kk", "ru")
    assert known_languages("codebook") == ("en", "kk", "ru")


def test_another_language_is_said_in_english() -> None:
    assert in_words(FORM, "contact == 1", "pt") == "the answer to A1 is “Yes”"


def test_numbers_skip_what_is_not_printed_and_letters_go_past_z() -> None:
    many = tuple(Module(id=f"m{n}", items=(Item(id=f"q{n}"),)) for n in range(28))
    assert list(letters(Instrument(id="a", version="1", modules=many)).values())[24:] == ["Y", "Z", "AA", "AB"]
    steps = (
        Item(id="a", type="integer"),
        Item(id="unused", type="calculated", value="a + 1"),
        Item(id="step", type="calculated", value="a * 2"),
        Item(id="total", type="calculated", value="step + 1"),
        Item(id="note", type="note", text={"en": "Total ${shown}"}),
        Item(id="shown", type="calculated", value="a"),
        Item(id="b", ask_if="total > 3"),
    )
    made = Instrument(id="a", version="1", modules=(Module(id="m", items=steps),))
    assert dict(numbers(made)) == {"a": "A1", "total": "A2", "note": "A3", "shown": "A4", "b": "A5"}
    assert value_in_words(made, "step + 1", "en") == "A1 × 2 + 1"


def test_draws_that_only_turn_rows_are_numbered_last() -> None:
    row = Item(id="r1", scale=YES_NO)
    items = (
        Item(id="turn", type="arm", scale=Scale(codes=(1,))),
        Item(id="grid", type="grid", rows=(row,), rotate="turn"),
        Item(id="half", type="arm", scale=YES_NO),
    )
    made = numbers(Instrument(id="a", version="1", modules=(Module(id="m", items=items),)))
    assert (made["half"], made["turn"]) == ("№1", "№2")


def test_numbers_are_never_equal_to_texts() -> None:
    import ast

    assert not meets(ast.Eq, 98, ("98",))
    assert meets(ast.NotEq, 98, ("98",))
    assert not meets(ast.Lt, "7", (8,))
    assert meets(ast.Lt, "2026-01-01", ("2026-07-01",))


def test_piped_items_are_found() -> None:
    assert piped("From ${a} to ${b}, ${") == ("a", "b")
