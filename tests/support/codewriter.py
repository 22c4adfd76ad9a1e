"""Write Python modules of a machine-learning project: valid and plausible, no two alike, the same for the same seed."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Sequence


def _words(text: str) -> list[str]:
    return text.split()


VERBS = _words(
    "align anneal arrange balance blend bound calibrate clip coalesce collect compact condense debias decay distil "
    "estimate expand fit flatten fold freeze gather group interpolate join merge mix normalise pack pad partition "
    "permute project prune quantise rank rebalance reduce rescale resolve route sample score select shift shrink slice "
    "smooth sort split stack stitch summarise tally taper trim unroll update validate vote weigh"
)
QUALITIES = _words(
    "active adaptive balanced bounded cached clipped coarse dense diagonal drifting early effective fair fine frozen "
    "global greedy hidden joint lagged lazy local masked noisy nested partial pooled ragged rare recent robust rolling "
    "shared sharp smooth sparse stable stale tied uneven weighted"
)
NOUNS = _words(
    "anchor batch bucket channel chunk cohort column curve delta edge epoch feature fold frame gate gradient head "
    "horizon kernel label lane layer ledger logit margin mask moment node offset outlier patch penalty pool probe "
    "prompt quantile query quota region residual route sample score segment shard signal slot span stride teacher "
    "token trace vector vote weight window"
)
REASONS = (
    "the {0} of a short {1} says little",
    "a {0} without its {1} would count twice",
    "what the {1} lacks is made up by the {0}",
    "the first {0} is still warming up",
    "an empty {1} has no {0}",
    "{0}s come in the order of their {1}s",
)


class Codewriter:
    """An author with habits: lines as long as they come and single quotes, so that a formatter finds work.

    Every name is made of words that the module's ``topic`` prefers; numbers and forms are the seed's.
    """

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)  # noqa: S311  (the same text each time is what it is for)
        self.topic = self.chance.sample(NOUNS, 9)
        self._taken: set[str] = set()

    def module(self, definitions: int = 5) -> str:
        """Return a module: docstring, imports, constants, and as many functions and classes."""
        constants = [f"{self._constant()} = {self._number()}" for _ in range(self.chance.randint(2, 4))]
        parts = [self.function() if self.chance.random() < 0.75 else self.record() for _ in range(definitions)]
        head = f'"""{self._title()}."""\n\nfrom __future__ import annotations\n'
        imports = "\nimport logging\nimport math\nfrom collections import Counter\nfrom dataclasses import dataclass\n"
        log = "\nlogger = logging.getLogger(__name__)\n\n"
        return head + imports + log + "\n".join(constants) + "\n\n\n" + "\n\n".join(parts)

    def function(self, method: bool = False) -> str:
        """Return a function of about 12 to 25 lines that computes a number from rows and a table."""
        rows, table, level = (self._local() for _ in range(3))
        scope = _Scope(numbers=[level], rows=[rows], tables=[table])
        default = self._number()
        me = "self, " if method else ""
        signature = (
            f"def {self._name()}({me}{rows}: list[float], {table}: dict[str, float], {level}: float = {default})"
        )
        lines = [f"{signature} -> float:", f'    """{self._sentence()}."""']
        for _ in range(self.chance.randint(6, 10)):
            lines += [f"    {line}" for line in self.statement(scope)]
        result = self._number_of(scope)
        return "\n".join([*lines, f"    return {result}", "", ""])

    def record(self) -> str:
        """Return a dataclass with fields and a method."""
        name = "".join(word.title() for word in (self._pick(QUALITIES), self._noun(), self._noun()))
        fields = [f"    {self._local()}: float = {self._number()}" for _ in range(self.chance.randint(2, 4))]
        method = textwrap.indent(self.function(method=True).rstrip(), "    ")
        return "\n".join(
            ["@dataclass", f"class {name}:", f'    """{self._sentence()}."""', "", *fields, "", method, "", ""]
        )

    def statements(self, count: int) -> str:
        """Return statements that stand for themselves: they use nothing that they do not define."""
        scope = _Scope([], [], [])
        rows, table, level = self._local(), self._local(), self._local()
        numbers = ", ".join(self._number() for _ in range(3))
        lines = [
            f"{rows} = [{numbers}]",
            f"{table} = {{'{self._noun()}': {self._number()}}}",
            f"{level} = {self._number()}",
        ]
        scope.rows.append(rows)
        scope.tables.append(table)
        scope.numbers.append(level)
        for _ in range(count):
            lines += self.statement(scope)
        return "\n".join(lines) + "\n"

    def statement(self, scope: _Scope) -> list[str]:
        """Return the lines of one statement; what it defines is in scope afterwards."""
        form = self.chance.choice(
            (self._assign, self._assign, self._gather, self._tabulate, self._guard, self._loop, self._log)
        )
        lines = form(scope)
        if self.chance.random() < 0.15:
            reason = self._pick(REASONS).format(self._noun(), self._noun())
            return [f"# {reason[0].upper()}{reason[1:]}.", *lines]
        return lines

    def settings(self, count: int) -> str:
        """Return a section of YAML."""
        keys = [f"  {self._pick(QUALITIES)}_{self._noun()}: {self._number()}" for _ in range(count)]
        return "\n".join([f"{self._noun()}_{self._noun()}:", *dict.fromkeys(keys), ""])

    def prose(self, sentences: int) -> str:
        """Return a paragraph."""
        return " ".join(f"{self._sentence()}." for _ in range(sentences)) + "\n"

    def _assign(self, scope: _Scope) -> list[str]:
        value = self._number_of(scope)
        name = self._local()
        scope.numbers.append(name)
        return [f"{name} = {value}"]

    def _gather(self, scope: _Scope) -> list[str]:
        rows, level, item = self._pick(scope.rows), self._pick(scope.numbers), self._noun()
        forms = (
            f"[{item} * {self._number()} for {item} in {rows} if {item} > {level}]",
            f"sorted({rows}, key=lambda {item}: abs({item} - {level}))[: {self._count(60)}]",
            f"[{self._number()} * {item} + {level} * at for at, {item} in enumerate({rows}, {self._count(9)})]",
            f"[min({item}, {level}) for {item} in {rows}] or [{self._number()}]",
        )
        value = self._pick(forms)
        name = self._local()
        scope.rows.append(name)
        return [f"{name} = {value}"]

    def _tabulate(self, scope: _Scope) -> list[str]:
        table, rows, level, key = (
            self._pick(scope.tables),
            self._pick(scope.rows),
            self._pick(scope.numbers),
            self._noun(),
        )
        forms = (
            f"{{{key}: value / max({level}, {self._number()}) for {key}, value in {table}.items()}}",
            f"dict(Counter('{key}' if row > {level} else '{self._noun()}' for row in {rows}))",
            f"{{**{table}, '{key}_{self._noun()}': {level} + {self._number()}, '{self._noun()}': float(len({rows}))}}",
        )
        value = self._pick(forms)
        name = self._local()
        scope.tables.append(name)
        return [f"{name} = {value}"]

    def _guard(self, scope: _Scope) -> list[str]:
        level, rows = self._pick(scope.numbers), self._pick(scope.rows)
        problem = f"raise ValueError(f'{self._noun()} {self._noun()} must be {self._pick(QUALITIES)}, not {{{level}}}')"
        forms = (
            [f"if {level} < -{self._number()} or len({rows}) > {self.chance.randint(100, 9000)}:", f"    {problem}"],
            [f"if not {rows}:", f"    return {self._number()} * {level}"],
            [f"if math.isnan({level}):", f"    {problem}"],
        )
        return self.chance.choice(forms)

    def _loop(self, scope: _Scope) -> list[str]:
        rows, level, item, total = self._pick(scope.rows), self._pick(scope.numbers), self._noun(), self._local()
        scope.numbers.append(total)
        branch = f"        {total} += {item} * {self._number()} - {level} / (place + {self._count(30)})"
        forms = (
            [f"    if {item} > {self._number()} and place % {self._count(16)}:", branch],
            [f"    {total} = max({total}, {item} - {self._number()} * math.sqrt(place + {self._count(30)}))"],
            [f"    {total} += {item} if place < {self._count(64)} else {level} * {self._number()}"],
        )
        return [f"{total} = {self._number()}", f"for place, {item} in enumerate({rows}):", *self.chance.choice(forms)]

    def _log(self, scope: _Scope) -> list[str]:
        level, rows = self._pick(scope.numbers), self._pick(scope.rows)
        words = f"{self._pick(QUALITIES)} {self._noun()} {self._pick(VERBS)}s"
        return [f"logger.debug('{words} %s of %d {self._noun()}s', {level}, len({rows}))"]

    def _number_of(self, scope: _Scope) -> str:
        rows, table = self._pick(scope.rows), self._pick(scope.tables)
        first, second = self._pick(scope.numbers), self._pick(scope.numbers)
        forms = (
            f"round({first} * {self._number()} + len({rows}) / (1.0 + abs({second})), {self._count(8)})",
            f"sum({rows}) / max(len({rows}), {self._count(40)}) - {self._number()} * {second}",
            f"math.log1p(abs({first})) if {second} > {self._number()} else {first} ** {self._count(5)}",
            f"{table}.get('{self._noun()}', {self._number()}) * math.exp(-abs({first}) / {self._number()})",
            f"max({first}, {second} / (1.0 + {self._number()} * len({table})))",
            f"sum(value for key, value in {table}.items() if key != '{self._noun()}') * {self._number()} + {first}",
            f"math.fsum(value * value for value in {rows}) ** 0.5 / ({self._number()} + abs({second}))",
        )
        return self._pick(forms)

    def _name(self) -> str:
        return self._fresh((VERBS, QUALITIES, self.topic))

    def _constant(self) -> str:
        return self._fresh((QUALITIES, self.topic, NOUNS)).upper()

    def _local(self) -> str:
        return self._fresh((QUALITIES, self.topic))

    def _fresh(self, pools: Sequence[Sequence[str]]) -> str:
        while True:
            name = "_".join(self._pick(pool) for pool in pools)
            if name not in self._taken:
                self._taken.add(name)
                return name
            pools = (*pools, NOUNS)

    def _title(self) -> str:
        what = f"{self._noun()}s of a {self._noun()} and their {self._pick(QUALITIES)} {self._noun()}"
        return f"{self._pick(VERBS).title()} the {what}"

    def _sentence(self) -> str:
        forms = (
            "{verb} the {a} of every {b} so that a {quality} {c} is seen once",
            "{verb} {a}s by their {quality} {b}, the largest {c} first",
            "Return how {quality} the {a} is, as a share of the {b} in each {c}",
            "{verb} a {quality} {a}; the {b} of a missing {c} counts as none",
        )
        words = dict(zip("abc", (self._noun() for _ in range(3)), strict=True))
        return self._pick(forms).format(verb=self._pick(VERBS).title(), quality=self._pick(QUALITIES), **words)

    def _noun(self) -> str:
        return self._pick(self.topic if self.chance.random() < 0.6 else NOUNS)

    def _number(self) -> str:
        if self.chance.random() < 0.7:
            return self._pick(("0.0", "0.1", "0.25", "0.5", "0.9", "1.0", "1e-6", "2.0", "10.0", "100.0"))
        return str(round(self.chance.uniform(0.05, 40), self.chance.randint(1, 3)))

    def _count(self, most: int) -> int:
        return self.chance.randint(1, most)

    def _pick(self, pool: Sequence[str]) -> str:
        return self.chance.choice(pool)


class _Scope:
    """The names that a statement may use, by what they hold."""

    def __init__(self, numbers: list[str], rows: list[str], tables: list[str]) -> None:
        self.numbers = numbers
        self.rows = rows
        self.tables = tables
