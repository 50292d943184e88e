"""The decisions a draft leaves open: numbered, marked in the YAML, listed for the author."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing only the researcher knows: what was guessed, from what, and what else it could be."""

    number: int
    file: str
    key: str
    question: str
    guess: str
    why: str
    open: bool = False

    @property
    def mark(self) -> str:
        """Give the comment that marks the line in the YAML."""
        return f"# DECIDE D{self.number}: {self.question}"


@dataclass(slots=True)
class Ledger:
    """Decisions in the order in which they come up."""

    entries: list[Decision] = field(default_factory=list)

    def ask(self, file: str, key: str, question: str, *, guess: str, why: str, open: bool = False) -> str:  # noqa: A002
        """Add a decision and give the comment that marks its line; `open` says that there is no guess to go on with."""
        one = Decision(
            number=len(self.entries) + 1, file=file, key=key, question=question, guess=guess, why=why, open=open
        )
        self.entries.append(one)
        return one.mark

    def markdown(self, name: str, source: str) -> str:
        """Write the list for the author."""
        lines = [
            f"# Decisions left open in `{name}`",
            "",
            f"Drafted from `{source}`. Each is marked `# DECIDE` in the file named; delete the mark when it is settled.",
            "Those marked **open** have no guess to go on with: the study cannot be computed before.",
            "",
        ]
        for one in self.entries:
            state = " **open**" if one.open else ""
            lines += [
                f"{one.number}. **{one.question}**{state}",
                f"   - where: `{one.file}`, `{one.key}`",
                f"   - drafted: {one.guess}",
                f"   - because: {one.why}",
            ]
        return "\n".join(lines) + "\n"


def short(mark: str) -> str:
    """Give a mark for further lines of a decision: the number without the question.

    Examples
    --------
    >>> short("# DECIDE D3: Is this the weight?")
    '# DECIDE D3: see there'
    """
    return mark.partition(":")[0] + ": see there" if mark else ""
