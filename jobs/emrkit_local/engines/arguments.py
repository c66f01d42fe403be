"""spark-submit's own grammar: which words are options, which is the application, which are its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["JVM_CONF", "JVM_OPTIONS", "SubmitArguments", "concerns_jvm", "jvm_settings", "parse_sql", "parse_submit"]

FLAGS = frozenset({"--help", "-h", "--version", "--verbose", "-v", "--supervise", "--usage-error"})
VALUED = frozenset({
    "--archives", "--class", "--conf", "-c", "--deploy-mode", "--driver-class-path", "--driver-cores",
    "--driver-java-options", "--driver-library-path", "--driver-memory", "--exclude-packages", "--executor-cores",
    "--executor-memory", "--files", "--jars", "--keytab", "--kill", "--master", "--name", "--num-executors",
    "--packages", "--principal", "--properties-file", "--proxy-user", "--py-files", "--queue", "--remote",
    "--repositories", "--status", "--total-executor-cores",
})  # fmt: skip
"""https://spark.apache.org/docs/latest/submitting-applications.html"""

JVM_OPTIONS = frozenset(
    {"--driver-memory", "--driver-java-options", "--driver-class-path", "--driver-library-path", "--properties-file"}
)
"""Options that are decided when the JVM starts; for these Spark's own launcher is asked."""
JVM_CONF = ("spark.driver.memory", "spark.driver.extra", "spark.driver.defaultJavaOptions")


@dataclass(frozen=True, slots=True)
class SubmitArguments:
    """A spark-submit command line: options in order, then the application, then its arguments."""

    options: tuple[tuple[str, str | None], ...]
    application: str | None
    arguments: tuple[str, ...]

    def value(self, option: str) -> str | None:
        """The last value given for an option."""
        return next((v for k, v in reversed(self.options) if k == option), None)

    @property
    def conf(self) -> dict[str, str]:
        """Every `--conf key=value`; a later one wins, as in Spark."""
        pairs = (v.partition("=") for k, v in self.options if k == "--conf" and v)
        return {key: value for key, _, value in pairs}

    def without(self, *options: str) -> SubmitArguments:
        """The same without these options."""
        return replace(self, options=tuple(o for o in self.options if o[0] not in options))

    def without_conf(self, *keys: str) -> SubmitArguments:
        """The same without these `--conf` keys."""
        kept = tuple(
            (k, v) for k, v in self.options if not (k == "--conf" and v is not None and v.partition("=")[0] in keys)
        )
        return replace(self, options=kept)

    def with_conf(self, first: dict[str, str], last: dict[str, str]) -> SubmitArguments:
        """Defaults in front of what the user gave, settings that must hold behind it."""
        before = tuple(("--conf", f"{k}={v}") for k, v in first.items())
        behind = tuple(("--conf", f"{k}={v}") for k, v in last.items())
        return replace(self, options=(*before, *self.options, *behind))

    def words(self) -> list[str]:
        """The command line again."""
        options = [word for k, v in self.options for word in ((k,) if v is None else (k, v))]
        return [*options, *((self.application,) if self.application is not None else ()), *self.arguments]


def parse_submit(words: Sequence[str]) -> SubmitArguments:
    """Options up to the first word that is neither an option nor an option's value: that is the application.

    An option that Spark does not know is passed on as it is, for Spark to refuse in its own words.
    """
    options: list[tuple[str, str | None]] = []
    i = 0
    while i < len(words):
        taken = _option(words, i)
        if taken is None:
            if not words[i].startswith("-"):
                return SubmitArguments(tuple(options), words[i], tuple(words[i + 1 :]))
            taken = ((words[i], None), 1)
        options.append(taken[0])
        i += taken[1]
    return SubmitArguments(tuple(options), None, ())


def parse_sql(words: Sequence[str]) -> SubmitArguments:
    """spark-sql mixes spark-submit's options with its own (`-f`, `-e`, `-d`, `--hiveconf`, …): tell them apart."""
    options: list[tuple[str, str | None]] = []
    rest: list[str] = []
    i = 0
    while i < len(words):
        # `-v` and `-h` are spark-sql's own, and so is what follows its options.
        taken = None if words[i] in ("-v", "-h", "--help") else _option(words, i)
        if taken is not None:
            options.append(taken[0])
            i += taken[1]
        elif words[i] in ("-f", "-e", "-i", "-d", "--define", "--hiveconf", "--hivevar", "--database"):
            rest.extend(words[i : i + 2])
            i += 2
        else:
            rest.append(words[i])
            i += 1
    return SubmitArguments(tuple(options), "spark-internal", tuple(rest))


def _option(words: Sequence[str], i: int) -> tuple[tuple[str, str | None], int] | None:
    word = words[i]
    if word in FLAGS:
        return (word, None), 1
    name, joined, value = word.partition("=")
    if joined and name in VALUED:
        return (_canonical(name), value), 1
    if word in VALUED:
        if i + 1 == len(words):
            return (word, None), 1
        return (_canonical(word), words[i + 1]), 2
    return None


def _canonical(name: str) -> str:
    return "--conf" if name == "-c" else name


def jvm_settings(arguments: SubmitArguments) -> tuple[str, ...]:
    """Every option and setting that is fixed when the JVM starts, with its value."""
    found: list[str] = []
    for option, value in arguments.options:
        fixed = option in JVM_OPTIONS or (option == "--conf" and value is not None and value.startswith(JVM_CONF))
        if fixed:
            found += [option, value or ""]
    return tuple(found)


def concerns_jvm(arguments: SubmitArguments) -> str | None:
    """The first option or setting that is fixed when the JVM starts, or None."""
    found = jvm_settings(arguments)
    if not found:
        return None
    return found[1].partition("=")[0] if found[0] == "--conf" else found[0]
